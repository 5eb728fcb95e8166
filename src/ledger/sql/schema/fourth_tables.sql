ALTER TABLE adreel_jobs ADD COLUMN slot_until BIGINT;
ALTER TABLE adreel_jobs ADD COLUMN route TEXT;
ALTER TABLE adreel_jobs ADD COLUMN claimed_by TEXT;
ALTER TABLE adreel_jobs ADD COLUMN claimed_until BIGINT;
ALTER TABLE adreel_jobs ADD COLUMN stamp BIGINT;
UPDATE adreel_jobs SET stamp = revision;
DROP INDEX adreel_jobs_by_reservation;
CREATE INDEX adreel_jobs_by_slot ON adreel_jobs (provider, account, realm, slot_until)
    WHERE slot_until IS NOT NULL;
CREATE INDEX adreel_jobs_by_due ON adreel_jobs (due_at, id)
    WHERE due_at IS NOT NULL;
CREATE TABLE adreel_routes (
    route TEXT NOT NULL PRIMARY KEY,
    job TEXT NOT NULL
);
CREATE TABLE adreel_gates (
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    realm TEXT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (provider, account, realm)
);
-- What the jobs of an account have committed: all of them (account), those of a run by its name
-- (run), those that last reserved something on a day of UTC by its beginning (day).
CREATE TABLE adreel_totals (
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    realm TEXT NOT NULL,
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    day BIGINT NOT NULL,
    committed BIGINT NOT NULL,
    PRIMARY KEY (provider, account, realm, scope, name, day)
);
INSERT INTO adreel_totals
    SELECT provider, account, realm, 'account', '', 0, SUM(committed) FROM adreel_jobs
    WHERE committed <> 0 GROUP BY provider, account, realm;
INSERT INTO adreel_totals
    SELECT provider, account, realm, 'run', run, 0, SUM(committed) FROM adreel_jobs
    WHERE committed <> 0 AND run IS NOT NULL GROUP BY provider, account, realm, run;
INSERT INTO adreel_totals
    SELECT provider, account, realm, 'day', '', day, SUM(committed) FROM (
        SELECT provider, account, realm, committed,
            reserved_at - (reserved_at % 86400000 + 86400000) % 86400000 AS day
        FROM adreel_jobs WHERE committed <> 0 AND reserved_at IS NOT NULL
    ) AS parts GROUP BY provider, account, realm, day;
