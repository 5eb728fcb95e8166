CREATE FUNCTION adreel_count(job adreel_jobs, part BIGINT) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF part = 0 THEN
        RETURN;
    END IF;
    -- The account comes first: whoever counts for it then waits here, and nobody elsewhere.
    INSERT INTO adreel_totals
        VALUES (job.provider, job.account, job.realm, 'account', '', 0, part)
        ON CONFLICT (provider, account, realm, scope, name, day)
        DO UPDATE SET committed = adreel_totals.committed + excluded.committed;
    IF job.run IS NOT NULL THEN
        INSERT INTO adreel_totals
            VALUES (job.provider, job.account, job.realm, 'run', job.run, 0, part)
            ON CONFLICT (provider, account, realm, scope, name, day)
            DO UPDATE SET committed = adreel_totals.committed + excluded.committed;
    END IF;
    IF job.reserved_at IS NOT NULL THEN
        INSERT INTO adreel_totals
            VALUES (job.provider, job.account, job.realm, 'day', '',
                job.reserved_at - (job.reserved_at % 86400000 + 86400000) % 86400000, part)
            ON CONFLICT (provider, account, realm, scope, name, day)
            DO UPDATE SET committed = adreel_totals.committed + excluded.committed;
    END IF;
END $$;
-- The totals follow the rows in the same write, whatever statement makes it.
CREATE FUNCTION adreel_jobs_count() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM adreel_count(OLD, -OLD.committed);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM adreel_count(NEW, NEW.committed);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER adreel_jobs_count_added AFTER INSERT ON adreel_jobs
    FOR EACH ROW WHEN (NEW.committed <> 0) EXECUTE FUNCTION adreel_jobs_count();
CREATE TRIGGER adreel_jobs_count_changed
    AFTER UPDATE OF provider, account, realm, committed, reserved_at, run ON adreel_jobs
    FOR EACH ROW WHEN ((NEW.provider, NEW.account, NEW.realm, NEW.committed, NEW.reserved_at,
        NEW.run) IS DISTINCT FROM (OLD.provider, OLD.account, OLD.realm, OLD.committed,
        OLD.reserved_at, OLD.run))
    EXECUTE FUNCTION adreel_jobs_count();
CREATE TRIGGER adreel_jobs_count_removed AFTER DELETE ON adreel_jobs
    FOR EACH ROW WHEN (OLD.committed <> 0) EXECUTE FUNCTION adreel_jobs_count();
-- A release that does not know of stamps knows nothing of slots, totals and claims either.
CREATE FUNCTION adreel_jobs_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this ledger was updated by a newer adreel: update this one';
END $$;
CREATE TRIGGER adreel_jobs_stamp_added BEFORE INSERT ON adreel_jobs
    FOR EACH ROW WHEN (NEW.stamp IS DISTINCT FROM NEW.revision)
    EXECUTE FUNCTION adreel_jobs_stamp();
CREATE TRIGGER adreel_jobs_stamp_changed BEFORE UPDATE OF state, revision ON adreel_jobs
    FOR EACH ROW WHEN (NEW.stamp IS DISTINCT FROM NEW.revision)
    EXECUTE FUNCTION adreel_jobs_stamp();
INSERT INTO adreel_schema (version) VALUES (4);
