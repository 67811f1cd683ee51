//! One SQL statement of a script, with its text and place.

use std::sync::Arc;

use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::sql::parser::{DFParserBuilder, Statement as Ast};
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Location as Place, Token, TokenWithSpan, Tokenizer};

use crate::error::Location;
use crate::sql::Fingerprint;
use crate::{EngineError, constants, sql};

/// How deeply a statement may be nested that is kept as text: deeper than any session's default,
/// so that what one session could say, all can read.
pub(crate) const STORED_RECURSION_LIMIT: usize = 200;

/// A parsed statement that knows its text and where in the script it starts. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Statement {
    text: Arc<str>,
    start: Location,
    offset: usize,
    ast: Arc<Ast>,
    fingerprint: Fingerprint,
    constant: bool,
    /// What it takes of the memory limit, where that counts.
    _memory: Option<Arc<MemoryReservation>>,
}

impl Statement {
    /// A text up to this size is read in less time than it takes to hand it to another thread.
    pub const SHORT_BYTES: usize = 512;

    /// The statement's own text, without the semicolon.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of its first character in the script, both from 1.
    pub fn location(&self) -> Location {
        self.start
    }

    /// Byte offset of its first character in the script.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The syntax tree. Its spans count from the start of the script.
    pub fn ast(&self) -> &Ast {
        &self.ast
    }

    /// The same for all statements that differ only in their constants.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Whether it is a short query of nothing but literals. To plan and to run it takes less time than
    /// to hand it to another thread, so that both are done on the caller's.
    pub fn is_constant(&self) -> bool {
        self.constant
    }

    /// The text, to be kept.
    pub(crate) fn shared_text(&self) -> &Arc<str> {
        &self.text
    }

    /// The same statement with other text, as it is once parameters have values.
    pub(crate) fn with_text(&self, text: String) -> Result<Self, EngineError> {
        if text == *self.text {
            return Ok(self.clone());
        }
        let parsed = Self::parse_all(&text, STORED_RECURSION_LIMIT)?;
        parsed
            .into_iter()
            .next()
            .ok_or_else(|| EngineError::Internal {
                message: "a statement with values in it is no statement".to_owned(),
            })
    }

    /// Splits a script into statements, in memory that is reserved before.
    pub(crate) fn parse_within(
        script: &str,
        recursion_limit: usize,
        pool: &Arc<dyn MemoryPool>,
    ) -> Result<Vec<Self>, EngineError> {
        let size = sql::Size::of(script);
        let Some(bytes) = size.reading() else {
            return Self::parse_all(script, recursion_limit);
        };
        let memory = MemoryConsumer::new("a statement").register(pool);
        if memory.try_grow(bytes).is_err() {
            return Err(EngineError::Resources {
                message: format!(
                    "out of memory: to read {} words and signs of SQL takes {} MiB, which \
                     memory_limit does not leave; send values as parameters or by bulk ingestion",
                    size.pieces(),
                    bytes.div_ceil(1 << 20)
                ),
            });
        }
        let mut statements = Self::parse_all(script, recursion_limit)?;
        memory.resize(size.kept());
        let memory = Arc::new(memory);
        for statement in &mut statements {
            statement._memory = Some(Arc::clone(&memory));
        }
        Ok(statements)
    }

    /// Splits a script into statements. Comments and empty statements are nothing.
    pub(crate) fn parse_all(
        script: &str,
        recursion_limit: usize,
    ) -> Result<Vec<Self>, EngineError> {
        let dialect = sql::dialect();
        let tokens = Tokenizer::new(dialect, script)
            .tokenize_with_location()
            .map_err(|error| DataFusionError::from(ParserError::from(error)))?;
        sql::check_depth(&tokens)?;
        let mut parser = DFParserBuilder::new(tokens.clone())
            .with_dialect(dialect)
            .with_recursion_limit(recursion_limit)
            .build()?;
        let mut statements = Vec::new();
        loop {
            while parser.parser.consume_token(&Token::SemiColon) {}
            let first = parser.parser.peek_token_ref();
            if first.token == Token::EOF {
                return Ok(statements);
            }
            let start = first.span.start;
            let begin = parser.parser.index();
            let ast = parser
                .parse_statement()
                .map_err(|error| EngineError::from(error).placed(|| end_of(&tokens)))?;
            // The parser may have looked past blanks and comments; the text ends before them.
            let parsed = tokens.get(begin..parser.parser.index()).unwrap_or_default();
            let last = parsed
                .iter()
                .rev()
                .find(|token| !matches!(token.token, Token::Whitespace(_)));
            let end = last.map_or(start, |token| token.span.end);
            let next = parser.parser.peek_token();
            if !matches!(next.token, Token::SemiColon | Token::EOF) {
                return Err(EngineError::Syntax {
                    message: format!("expected the end of the statement, got {}", next.token),
                    location: Some((next.span.start.line, next.span.start.column)),
                });
            }
            let (offset, stop) = (byte_offset(script, start), byte_offset(script, end));
            let text = script.get(offset..stop).unwrap_or_default();
            statements.push(Self {
                text: text.into(),
                start: (start.line, start.column),
                offset,
                ast: Arc::new(ast),
                fingerprint: Fingerprint::of(parsed),
                constant: constants::is_said(text, parsed),
                _memory: None,
            });
        }
    }
}

/// The place after the last word of a script.
fn end_of(tokens: &[TokenWithSpan]) -> Option<Location> {
    let last = tokens
        .iter()
        .rev()
        .find(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF))?;
    Some((last.span.end.line, last.span.end.column))
}

/// Bytes before a line and column, which the tokenizer counts in characters from 1.
fn byte_offset(script: &str, place: Place) -> usize {
    let mut line = 1;
    let mut column = 1;
    for (offset, character) in script.char_indices() {
        if line == place.line && column == place.column {
            return offset;
        }
        if character == '\n' {
            line += 1;
            column = 1;
        } else {
            column += 1;
        }
    }
    script.len()
}
