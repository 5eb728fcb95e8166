//! Statements whose text depends on what is asked for.

use crate::job::Account;

/// A statement and the values that belong to its places, `$1` and on. The text holds nothing of
/// the caller's, which is all in the values.
pub(super) struct Statement {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

pub(super) enum Value {
    Number(Option<i64>),
    Text(Option<String>),
}

impl Statement {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// The value of the next place.
    pub(super) fn with(mut self, value: impl Into<Value>) -> Self {
        self.place(value);
        self
    }

    /// The values of the next three places.
    pub(super) fn with_account(self, account: &Account) -> Self {
        self.with(account.provider.as_str()).with(&*account.name).with(&*account.realm)
    }

    /// Adds a value and gives its place, to be written into the text.
    pub(super) fn place(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// What is true of rows of an account.
    pub(super) fn is_of(&mut self, account: &Account) -> String {
        let provider = self.place(account.provider.as_str());
        let (name, realm) = (self.place(&*account.name), self.place(&*account.realm));
        format!("provider = {provider} AND account = {name} AND realm = {realm}")
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

/// A statement as a query of either database.
macro_rules! query {
    ($statement:expr) => {{
        let $crate::ledger::sql::statement::Statement { text, values } = $statement;
        values.into_iter().fold(
            sqlx::query(sqlx::AssertSqlSafe(text)),
            |query, value| match value {
                $crate::ledger::sql::statement::Value::Number(number) => query.bind(number),
                $crate::ledger::sql::statement::Value::Text(text) => query.bind(text),
            },
        )
    }};
}
pub(super) use query;

/// Runs a statement that writes, in a transaction of its own, and gives how many rows it wrote.
macro_rules! written {
    ($sql:expr, $statement:expr) => {{
        let statement = $statement;
        let done = $crate::ledger::sql::on!(&$sql.pool, pool, backend => async {
            let mut connection = backend::begin(pool).await?;
            let done = $crate::ledger::sql::statement::query!(statement);
            let done = done.execute(&mut *connection).await?;
            backend::commit(connection).await.map(|()| done.rows_affected())
        }
        .await);
        done.map_err(|error| $crate::ledger::sql::errors::from_sqlx(&$sql.place, error))
    }};
}
pub(super) use written;
