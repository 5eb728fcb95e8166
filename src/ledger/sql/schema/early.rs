//! The first three migrations, as macros because their texts are put together when they are compiled.

/// The first migration. Ids are compared byte by byte, whatever the database's language is: in
/// some languages Z does not come last, and ids would no longer sort by their time.
macro_rules! first {
    ($bytewise:literal) => {
        concat!(
            "CREATE TABLE adreel_schema (version BIGINT NOT NULL PRIMARY KEY);\n",
            "CREATE TABLE adreel_jobs (\n",
            "    id TEXT COLLATE ",
            $bytewise,
            " NOT NULL PRIMARY KEY,\n",
            "    provider TEXT NOT NULL,\n",
            "    account TEXT NOT NULL,\n",
            "    realm TEXT NOT NULL,\n",
            "    job_key TEXT,\n",
            "    stage TEXT NOT NULL,\n",
            "    due_at BIGINT,\n",
            "    job_order TEXT NOT NULL,\n",
            "    state TEXT NOT NULL,\n",
            "    revision BIGINT NOT NULL,\n",
            "    created_at BIGINT NOT NULL,\n",
            "    updated_at BIGINT NOT NULL\n",
            ");\n",
            "CREATE UNIQUE INDEX adreel_jobs_by_key\n",
            "    ON adreel_jobs (provider, account, realm, job_key)\n",
            "    WHERE job_key IS NOT NULL;\n",
            "CREATE INDEX adreel_jobs_by_stage ON adreel_jobs (stage, id);\n",
            "INSERT INTO adreel_schema (version) VALUES (1);\n",
        )
    };
}

/// The second migration: what is looked for and added up across jobs. Amounts are millionths of a
/// credit.
macro_rules! second {
    () => {
        concat!(
            "ALTER TABLE adreel_jobs ADD COLUMN resource TEXT;\n",
            "ALTER TABLE adreel_jobs ADD COLUMN committed BIGINT NOT NULL DEFAULT 0;\n",
            "ALTER TABLE adreel_jobs ADD COLUMN reserved_at BIGINT;\n",
            "ALTER TABLE adreel_jobs ADD COLUMN run TEXT;\n",
            "CREATE INDEX adreel_jobs_by_resource\n",
            "    ON adreel_jobs (provider, account, realm, resource)\n",
            "    WHERE resource IS NOT NULL;\n",
            "CREATE INDEX adreel_jobs_by_reservation\n",
            "    ON adreel_jobs (provider, account, realm, reserved_at, run, id, committed)\n",
            "    WHERE reserved_at IS NOT NULL;\n",
            "INSERT INTO adreel_schema (version) VALUES (2);\n",
        )
    };
}

/// The third migration: what webhooks told, and leases. Texts of a provider's are compared byte by
/// byte too.
macro_rules! third {
    ($bytewise:literal) => {
        concat!(
            "CREATE TABLE adreel_events (\n",
            "    number BIGINT NOT NULL PRIMARY KEY,\n",
            "    provider TEXT NOT NULL,\n",
            "    account TEXT NOT NULL,\n",
            "    realm TEXT NOT NULL,\n",
            "    resource TEXT COLLATE ",
            $bytewise,
            " NOT NULL,\n",
            "    outcome TEXT COLLATE ",
            $bytewise,
            " NOT NULL,\n",
            "    name TEXT NOT NULL,\n",
            "    delivery TEXT,\n",
            "    noted_at BIGINT NOT NULL,\n",
            "    due_at BIGINT,\n",
            "    holder TEXT,\n",
            "    claims BIGINT NOT NULL DEFAULT 0\n",
            ");\n",
            "CREATE UNIQUE INDEX adreel_events_by_resource\n",
            "    ON adreel_events (provider, account, realm, resource, outcome);\n",
            "CREATE INDEX adreel_events_by_due ON adreel_events (due_at, number)\n",
            "    WHERE due_at IS NOT NULL;\n",
            "CREATE TABLE adreel_leases (\n",
            "    name TEXT NOT NULL PRIMARY KEY,\n",
            "    holder TEXT NOT NULL,\n",
            "    held_until BIGINT NOT NULL\n",
            ");\n",
            "INSERT INTO adreel_schema (version) VALUES (3);\n",
        )
    };
}
