//! What does a text of SQL ask for, and is that allowed?
//!
//! One statement that reads. What writes is refused with what to do instead, except that `CREATE VIEW` and `DROP VIEW`
//! are told to the caller, who keeps views. Size and depth are checked on the tokens, before a tree exists: a tree that
//! is deep enough would overflow the stack by being dropped.

use datafusion::sql::sqlparser::ast::{
    ObjectName, Query, Select, SetExpr, ShowStatementIn, ShowStatementOptions, Spanned, Statement, VisitMut,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};
use walletscope_lake::LakeTable;

use crate::dialect::Grammar;
use crate::error::SqlError;
use crate::limits::Limits;
use crate::near::{fold, nearest};
use crate::plan::ATTEMPTS_VIEW;
use crate::walk::{Walk, walk};
use crate::{measures, metrics};

/// Calls of the parser for one level of nesting, at most.
const PARSED_PER_LEVEL: usize = 4;

/// What a text asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Rows.
    Ask,
    /// That a view is kept.
    SaveView(SavedView),
    /// That a view is forgotten.
    DropView {
        /// Its name.
        name: String,
        /// Whether it may be missing.
        if_exists: bool,
    },
}

/// A view to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Its name; unquoted names are lower case.
    pub name: String,
    /// The query.
    pub sql: String,
    /// Whether it may take the place of another.
    pub replaces: bool,
}

/// What a text asks for, without answering it.
///
/// # Errors
/// The text is not one statement that reads, or keeps or forgets a view.
pub fn intent(sql: &str, limits: &Limits) -> Result<Intent, SqlError> {
    let parsed = parse(sql, limits)?;
    match parsed.request {
        Request::SaveView(view) if is_taken(&view.name) => {
            let message = format!("{} is the name of a table", view.name);
            Err(SqlError::unsupported(message).at(parsed.start).hint("give the view another name"))
        }
        Request::SaveView(view) => Ok(Intent::SaveView(view)),
        Request::DropView { name, if_exists } => Ok(Intent::DropView { name, if_exists }),
        Request::Read(_) | Request::Tables | Request::Columns(_) => Ok(Intent::Ask),
    }
}

/// Whether a table, or a view that is always there, has this name in some spelling.
fn is_taken(name: &str) -> bool {
    let tables = LakeTable::ALL.into_iter().map(LakeTable::name);
    let views =
        measures::VIEWS.into_iter().map(|(name, _)| name).chain(metrics::TABLES).chain([ATTEMPTS_VIEW]);
    tables.chain(views).any(|taken| fold(taken) == fold(name))
}

/// A parsed text.
pub(crate) struct Parsed {
    pub(crate) request: Request,
    /// Where its first word stands.
    pub(crate) start: Location,
}

pub(crate) enum Request {
    /// A query or the explanation of one.
    Read(Box<Statement>),
    /// The names of all tables.
    Tables,
    /// The columns of a table.
    Columns(ObjectName),
    SaveView(SavedView),
    DropView {
        name: String,
        if_exists: bool,
    },
}

/// Reads one statement that is allowed.
pub(crate) fn parse(sql: &str, limits: &Limits) -> Result<Parsed, SqlError> {
    if sql.len() > limits.text_bytes {
        let message = format!("the text has {} bytes, more than {}", sql.len(), limits.text_bytes);
        return Err(SqlError::new("too_large", message).hint("ask for less in one query, or join to a table"));
    }
    let tokens = tokens(sql)?;
    let end = tokens.last().map_or(Location { line: 1, column: 1 }, |token| token.span.end);
    let start = tokens.iter().find(|token| !is_space(token)).map_or(end, |token| token.span.start);
    check_operators(&tokens, limits)?;
    check_nesting(&tokens, limits)?;
    let mut parser = Parser::new(&Grammar)
        .with_recursion_limit(limits.depth * PARSED_PER_LEVEL)
        .with_tokens_with_locations(tokens.clone());
    if parser.peek_token().token == Token::EOF {
        return Err(SqlError::new("syntax", "there is no statement").at(start).hint("begin with SELECT"));
    }
    let statement = parser.parse_statement().map_err(|error| of_parser(&error, sql, end, limits))?;
    let ended = parser.consume_token(&Token::SemiColon);
    while parser.consume_token(&Token::SemiColon) {}
    let next = parser.peek_token();
    if next.token != Token::EOF {
        return Err(left_over(&next, ended, &tokens));
    }
    Ok(Parsed { request: request(statement, start).map_err(|error| error.at(start))?, start })
}

/// Reads a template of ours.
pub(crate) fn expression(sql: &str) -> Result<datafusion::sql::sqlparser::ast::Expr, ParserError> {
    Parser::new(&Grammar).try_with_sql(sql)?.parse_expr()
}

fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, SqlError> {
    Tokenizer::new(&Grammar, sql)
        .tokenize_with_location()
        .map_err(|error| SqlError::new("syntax", lower_first(&error.message)).at(error.location))
}

fn is_space(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Whitespace(_))
}

fn check_operators(tokens: &[TokenWithSpan], limits: &Limits) -> Result<(), SqlError> {
    let mut operators = tokens.iter().filter(|token| deepens(&token.token));
    let Some(beyond) = operators.nth(limits.operators) else { return Ok(()) };
    let message = format!("the text has more than {} operators", limits.operators);
    let hint = "write long lists of alternatives as x IN (1, 2, 3)";
    Err(SqlError::new("too_large", message).at(beyond.span.start).hint(hint))
}

/// Counts what is open: parentheses, brackets and CASE, and queries among them. The parser has a limit of its own, but it
/// tries several readings of a text and may tell of the last one instead.
fn check_nesting(tokens: &[TokenWithSpan], limits: &Limits) -> Result<(), SqlError> {
    let mut tokens = tokens.iter().filter(|token| !is_space(token)).peekable();
    let mut open: Vec<bool> = Vec::new();
    let mut queries = 0;
    while let Some(token) = tokens.next() {
        let keyword = |token: &Token| if let Token::Word(word) = token { Some(word.keyword) } else { None };
        let next = tokens.peek().and_then(|token| keyword(&token.token));
        match (&token.token, keyword(&token.token)) {
            (Token::LParen, _) => {
                let is_query = matches!(next, Some(Keyword::SELECT | Keyword::WITH | Keyword::VALUES));
                open.push(is_query);
                queries += usize::from(is_query);
            }
            (Token::LBracket, _) | (_, Some(Keyword::CASE)) => open.push(false),
            (Token::RParen | Token::RBracket, _) | (_, Some(Keyword::END)) => {
                queries -= usize::from(open.pop().unwrap_or_default());
            }
            _ => {}
        }
        let (what, limit, hint) = if queries > limits.subqueries {
            ("queries", limits.subqueries, "name inner queries with WITH, one after the other")
        } else if open.len() > limits.depth {
            ("parentheses and CASE", limits.depth, "write fewer of them inside of each other")
        } else {
            continue;
        };
        let message = format!("{what} are nested deeper than {limit} levels");
        return Err(SqlError::new("too_large", message).at(token.span.start).hint(hint));
    }
    Ok(())
}

/// Whether a token may put the tree before it one level deeper.
fn deepens(token: &Token) -> bool {
    use Keyword as Word;
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Word::AND
                | Word::OR
                | Word::NOT
                | Word::UNION
                | Word::INTERSECT
                | Word::EXCEPT
                | Word::JOIN
                | Word::IS
                | Word::LIKE
                | Word::ILIKE
                | Word::BETWEEN
                | Word::IN
                | Word::AT
                | Word::COLLATE
        ),
        Token::Whitespace(_)
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::SemiColon
        | Token::EOF => false,
        _ => true,
    }
}

fn left_over(next: &TokenWithSpan, after_semicolon: bool, tokens: &[TokenWithSpan]) -> SqlError {
    if after_semicolon {
        let error = SqlError::unsupported("there is more than one statement").at(next.span.start);
        return error.hint("send one statement at a time");
    }
    // `FROM t GRUOP BY x` fails at BY, because GRUOP may name the table.
    let is_by = matches!(&next.token, Token::Word(word) if word.keyword == Keyword::BY);
    let before = tokens.iter().rfind(|token| !is_space(token) && token.span.start < next.span.start);
    let found = before.filter(|_| is_by).filter(|before| clause_near(&before.token.to_string()).is_some());
    let found = found.unwrap_or(next);
    let hint = clause_near(&found.token.to_string());
    let error = SqlError::new("syntax", format!("expected the end of the statement, found {found}"));
    error.hint_if(hint.or_else(|| syntax_hint(""))).at(found.span.start)
}

fn of_parser(error: &ParserError, sql: &str, end: Location, limits: &Limits) -> SqlError {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
        ParserError::RecursionLimitExceeded => {
            let message = format!("the text is nested deeper than {} levels", limits.depth);
            return SqlError::new("too_large", message)
                .at(end)
                .hint("write fewer parentheses and CASE inside of each other");
        }
    };
    let (message, location) = match text.rsplit_once(" at Line: ") {
        Some((message, place)) => (message, place_of(place).unwrap_or(end)),
        None => (text.as_str(), end),
    };
    let found = message.rsplit_once("found: ").map(|(_, found)| found);
    let error = SqlError::new("syntax", lower_first(&message.replace(": ", " "))).at(location);
    error.hint_if(found.and_then(clause_near).or_else(|| syntax_hint(sql)))
}

fn place_of(text: &str) -> Option<Location> {
    let (line, column) = text.split_once(", Column: ")?;
    Some(Location { line: line.trim().parse().ok()?, column: column.trim().parse().ok()? })
}

/// A clause that a misspelt word comes near to.
fn clause_near(word: &str) -> Option<String> {
    const CLAUSES: [&str; 16] = [
        "SELECT", "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "OFFSET", "JOIN", "UNION", "WITH",
        "EXPLAIN", "DESCRIBE", "SHOW", "VALUES", "BY",
    ];
    if CLAUSES.contains(&word.to_uppercase().as_str()) || word.len() < 3 {
        return None;
    }
    nearest(word, CLAUSES).first().map(|clause| format!("did you mean {clause}?"))
}

fn syntax_hint(sql: &str) -> Option<String> {
    const HINTS: [(&str, &str); 3] = [
        ("TABLESAMPLE", "filter a share instead, such as WHERE random() < 0.01"),
        ("FOR SYSTEM_TIME", "every query reads the newest state; filter by timestamp instead"),
        ("FOR TIMESTAMP AS OF", "every query reads the newest state; filter by timestamp instead"),
    ];
    let upper = sql.to_uppercase();
    let hint = HINTS.iter().find(|(part, _)| upper.contains(part)).map(|(_, hint)| (*hint).to_owned());
    hint.or_else(|| Some("names that are words of SQL go in double quotes, texts in single ones".to_owned()))
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

fn request(statement: Statement, start: Location) -> Result<Request, SqlError> {
    match statement {
        mut reading @ (Statement::Query(_) | Statement::Explain { .. }) => {
            check_reads(&mut reading)?;
            Ok(Request::Read(Box::new(reading)))
        }
        Statement::ExplainTable { table_name, .. } => Ok(Request::Columns(table_name)),
        Statement::ShowTables { .. } => Ok(Request::Tables),
        Statement::ShowColumns {
            show_options:
                ShowStatementOptions {
                    show_in: Some(ShowStatementIn { parent_name: Some(name), .. }),
                    filter_position: None,
                    ..
                },
            ..
        } => Ok(Request::Columns(name)),
        Statement::CreateView(mut view) if !view.materialized => {
            check_reads(&mut *view.query)?;
            let replaces = view.or_replace || view.or_alter;
            Ok(Request::SaveView(SavedView {
                name: name(&view.name)?,
                sql: view.query.to_string(),
                replaces,
            }))
        }
        Statement::Drop {
            object_type: datafusion::sql::sqlparser::ast::ObjectType::View,
            if_exists,
            names,
            ..
        } if names.len() == 1 => Ok(Request::DropView { name: name(&names[0])?, if_exists }),
        other => Err(refusal(&other).at(start)),
    }
}

/// The last part of a name as the planner compares it.
pub(crate) fn name(name: &ObjectName) -> Result<String, SqlError> {
    let ident = name.0.last().and_then(|part| part.as_ident());
    let ident = ident.ok_or_else(|| SqlError::unsupported(format!("{name} is no name of a table")))?;
    Ok(if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() })
}

fn refusal(statement: &Statement) -> SqlError {
    let text = statement.to_string();
    let words: Vec<_> = text.split_whitespace().take(2).collect();
    let verb = words.first().copied().unwrap_or("this").to_uppercase();
    let hint = match verb.as_str() {
        "CREATE" => "save the query as a view: CREATE VIEW name AS SELECT …",
        "INSERT" | "COPY" | "LOAD" => "records come in through the AWS protocols or `walletscope import`",
        "UPDATE" | "DELETE" | "MERGE" | "TRUNCATE" => "records do not change; filter them out with WHERE",
        "DROP" => "only saved views can be dropped: DROP VIEW name",
        "SHOW" => "use SHOW TABLES, SHOW COLUMNS FROM name or DESCRIBE name",
        "SET" | "USE" | "RESET" => "every query is in UTC and in the schema of all tables; leave it out",
        _ => "use SELECT, EXPLAIN, SHOW TABLES, SHOW COLUMNS or DESCRIBE",
    };
    let what = words.join(" ").to_uppercase();
    if verb == "SHOW" {
        return SqlError::unsupported(format!("{what} is not supported")).hint(hint);
    }
    SqlError::new("read_only", format!("{what} is refused: SQL only reads here")).hint(hint)
}

/// Refuses what writes or locks inside a query.
fn check_reads<T: VisitMut>(tree: &mut T) -> Result<(), SqlError> {
    walk(tree, &mut Reads)
}

struct Reads;

impl Walk for Reads {
    fn query(&mut self, query: &mut Query) -> Result<(), SqlError> {
        check_body(&query.body)?;
        if query.locks.is_empty() && query.for_clause.is_none() {
            return Ok(());
        }
        let error = SqlError::new("read_only", "FOR UPDATE is refused: SQL only reads here");
        Err(error.hint("leave the FOR clause out"))
    }

    fn statement(&mut self, statement: &mut Statement) -> Result<(), SqlError> {
        match statement {
            Statement::Query(_) | Statement::Explain { .. } => Ok(()),
            other => Err(refusal(other)),
        }
    }
}

fn check_body(body: &SetExpr) -> Result<(), SqlError> {
    match body {
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => Err(refusal(statement)),
        SetExpr::Select(select) => check_select(select),
        SetExpr::SetOperation { left, right, .. } => check_body(left).and_then(|()| check_body(right)),
        SetExpr::Query(_) | SetExpr::Values(_) | SetExpr::Table(_) => Ok(()),
    }
}

fn check_select(select: &Select) -> Result<(), SqlError> {
    if let Some(view) = select.lateral_views.first() {
        let error = SqlError::unsupported("LATERAL VIEW is not supported").at_span(view.lateral_view.span());
        return Err(error.hint("write CROSS JOIN UNNEST(list) AS t(element)"));
    }
    let Some(into) = &select.into else { return Ok(()) };
    let error = SqlError::new("read_only", format!("{into} is refused: SQL only reads here"));
    Err(error
        .at(select.select_token.0.span.start)
        .hint("save the query as a view: CREATE VIEW name AS SELECT …"))
}
