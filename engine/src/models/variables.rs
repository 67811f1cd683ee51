//! Variables: the parameters `$name` of models, their types, and their values in this build.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use serde::Deserialize;

use super::reads::Query;
use super::types;
use super::yaml::Scalar;
use crate::EngineError;
use crate::nearest::did_you_mean;

/// Variables by name.
pub(super) type Variables = BTreeMap<String, Variable>;

/// A variable of the models.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) data_type: DataType,
    type_name: String,
    allowed: Vec<String>,
    pub(super) value: Value,
}

/// Where the value comes from.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Known(ScalarValue),
    /// A query over models, whose one value it is.
    Found(Query),
}

/// A declaration as files have it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Declaration {
    #[serde(rename = "type")]
    type_name: String,
    default: Option<Scalar>,
    query: Option<String>,
    #[serde(default)]
    values: Vec<String>,
    /// For those who read the file.
    #[serde(default, rename = "description")]
    _description: String,
}

impl Variable {
    /// What a declaration comes to; `label` is its file.
    pub(super) fn declared(
        name: &str,
        declaration: Declaration,
        label: &str,
    ) -> Result<Self, EngineError> {
        let wrong = |message: String| EngineError::Config {
            message: format!("{label}: variable {name:?}: {message}"),
        };
        let data_type = types::data_type(&declaration.type_name).ok_or_else(|| {
            wrong(format!(
                "type must be {}, got {:?}",
                types::EXPECTED,
                declaration.type_name
            ))
        })?;
        let mut variable = Self {
            name: name.to_owned(),
            value: Value::Known(ScalarValue::try_from(&data_type)?),
            data_type,
            type_name: declaration.type_name,
            allowed: declaration.values,
        };
        match (declaration.query, declaration.default) {
            (Some(_), Some(_)) => {
                return Err(wrong("default and query exclude each other".to_owned()));
            }
            (Some(query), None) => {
                let query = Query::parse(&query)
                    .map_err(|error| error.about(&format!("{label}: variable {name:?}")))?;
                variable.value = Value::Found(query);
            }
            (None, default) => {
                let text = default.as_ref().and_then(Scalar::text);
                variable.set(text.as_deref(), label)?;
            }
        }
        Ok(variable)
    }

    /// Gives it a value; none is NULL. `label` says who does.
    fn set(&mut self, text: Option<&str>, label: &str) -> Result<(), EngineError> {
        let wrong = |expected: &str, near: &str| EngineError::Config {
            message: format!(
                "{label}: variable {:?} must be {expected}, got {:?}{near}",
                self.name,
                text.unwrap_or_default()
            ),
        };
        if let Some(text) = text
            && !self.allowed.is_empty()
            && !self.allowed.iter().any(|allowed| allowed == text)
        {
            return Err(wrong(
                &format!("one of {}", self.allowed.join(", ")),
                &did_you_mean(text, &self.allowed),
            ));
        }
        let value = ScalarValue::Utf8(text.map(str::to_owned)).cast_to(&self.data_type);
        self.value = Value::Known(value.map_err(|_| wrong(&self.type_name, ""))?);
        Ok(())
    }
}

/// Takes the variables of a project's `[vars]`: values of those there are, and declarations.
pub(super) fn take_vars(variables: &mut Variables, vars: &toml::Table) -> Result<(), EngineError> {
    const LABEL: &str = "cohortql.toml, [vars]";
    for (name, value) in vars {
        if let toml::Value::Table(table) = value {
            let declaration = table.clone().try_into::<Declaration>();
            let declaration = declaration.map_err(|error| EngineError::Config {
                message: format!("{LABEL}: variable {name:?}: {}", error.message()),
            })?;
            let variable = Variable::declared(name, declaration, LABEL)?;
            variables.insert(name.clone(), variable);
            continue;
        }
        let text = match value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        set(variables, name, &text, LABEL)?;
    }
    Ok(())
}

/// Takes the values of `--var`; an empty one is NULL, but of text.
pub(super) fn take_overrides(
    variables: &mut Variables,
    overrides: &BTreeMap<String, String>,
) -> Result<(), EngineError> {
    for (name, text) in overrides {
        set(variables, name, text, "--var")?;
    }
    Ok(())
}

fn set(variables: &mut Variables, name: &str, text: &str, label: &str) -> Result<(), EngineError> {
    match variables.get_mut(name) {
        Some(variable) => {
            let is_text = variable.data_type == DataType::Utf8;
            variable.set((is_text || !text.is_empty()).then_some(text), label)
        }
        None => Err(EngineError::Config {
            message: format!(
                "{label}: there is no variable {name:?}{}",
                did_you_mean(name, variables.keys())
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::yaml;

    const DECLARED: &str = "days: {type: bigint, default: 30}\n\
                            mode: {type: text, default: left, values: [left, right]}\n\
                            moment: {type: timestamp}\n";

    fn variables() -> Variables {
        let declared: BTreeMap<String, Declaration> =
            yaml::read(DECLARED, "variables.yml", 0).unwrap();
        let made = declared.into_iter().map(|(name, declaration)| {
            let variable = Variable::declared(&name, declaration, "variables.yml").unwrap();
            (name, variable)
        });
        made.collect()
    }

    fn known(variables: &Variables, name: &str) -> ScalarValue {
        match &variables[name].value {
            Value::Known(value) => value.clone(),
            Value::Found(_) => panic!("{name} is found"),
        }
    }

    #[test]
    fn values_come_from_the_declaration_the_project_and_the_command_line() {
        let mut variables = variables();
        assert_eq!(known(&variables, "days"), ScalarValue::Int64(Some(30)));
        assert!(known(&variables, "moment").is_null());
        let vars = "days = 7\nmoment = 2024-02-29T12:00:00\n\
                    mine = {type = 'double', default = 0.5}";
        take_vars(&mut variables, &vars.parse().unwrap()).unwrap();
        assert_eq!(known(&variables, "days"), ScalarValue::Int64(Some(7)));
        assert_eq!(known(&variables, "mine"), ScalarValue::Float64(Some(0.5)));
        assert!(!known(&variables, "moment").is_null());
        let overrides = BTreeMap::from([("moment".to_owned(), String::new())]);
        take_overrides(&mut variables, &overrides).unwrap();
        assert!(known(&variables, "moment").is_null());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (name, text, expected) in [
            (
                "days",
                "soon",
                "--var: variable \"days\" must be bigint, got \"soon\"",
            ),
            (
                "dayz",
                "7",
                "there is no variable \"dayz\"; did you mean \"days\"?",
            ),
            (
                "mode",
                "lft",
                "variable \"mode\" must be one of left, right, got \"lft\"; did you mean \"left\"?",
            ),
            ("moment", "noon", "must be timestamp, got \"noon\""),
        ] {
            let overrides = BTreeMap::from([(name.to_owned(), text.to_owned())]);
            let error = take_overrides(&mut variables(), &overrides).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn a_declaration_names_its_type() {
        let vars = "mine = {type = 'int'}".parse().unwrap();
        let error = take_vars(&mut variables(), &vars).unwrap_err().to_string();
        assert!(error.contains("type must be text, bigint"), "{error}");
        let vars = "mine = {typ = 'text'}".parse().unwrap();
        let error = take_vars(&mut variables(), &vars).unwrap_err().to_string();
        assert!(error.contains("unknown field `typ`"), "{error}");
    }
}
