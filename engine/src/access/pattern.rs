//! Which tables a grant is about: `*`, `schema.*` or `schema.table`.

/// Names of tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Every table of every schema.
    Everything,
    /// Every table of a schema.
    Schema(String),
    /// One table.
    Table(String, String),
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let whole = |name: &str| !name.is_empty() && !name.contains(['.', '*']);
        match text.split_once('.') {
            None if text == "*" => Ok(Self::Everything),
            Some((schema, "*")) if whole(schema) => Ok(Self::Schema(schema.to_owned())),
            Some((schema, table)) if whole(schema) && whole(table) => {
                Ok(Self::Table(schema.to_owned(), table.to_owned()))
            }
            _ => Err(format!(
                "expected \"*\", \"schema.*\" or \"schema.table\", got {text:?}"
            )),
        }
    }

    pub(super) fn is(&self, schema: &str, table: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Schema(wanted) => wanted == schema,
            Self::Table(wanted, name) => wanted == schema && name == table,
        }
    }

    /// Whether it is about every table of a schema, those to come included.
    pub(super) fn is_whole(&self, schema: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Schema(wanted) => wanted == schema,
            Self::Table(_, _) => false,
        }
    }

    /// Whether anything of a schema may be meant.
    pub(super) fn touches(&self, schema: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Schema(wanted) | Self::Table(wanted, _) => wanted == schema,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_forms_and_no_others() {
        assert!(Pattern::parse("*").unwrap().is("a", "b"));
        let schema = Pattern::parse("shop.*").unwrap();
        assert!(schema.is("shop", "orders") && !schema.is("public", "orders"));
        assert!(schema.is_whole("shop") && schema.touches("shop"));
        let table = Pattern::parse("shop.orders").unwrap();
        assert!(table.is("shop", "orders") && !table.is("shop", "order_lines"));
        assert!(!table.is_whole("shop") && table.touches("shop"));
        for wrong in [
            "", "orders", "shop.", ".orders", "*.orders", "a.b.c", "shop.o*",
        ] {
            let error = Pattern::parse(wrong).unwrap_err();
            assert!(error.ends_with(&format!("got {wrong:?}")), "{error}");
        }
    }
}
