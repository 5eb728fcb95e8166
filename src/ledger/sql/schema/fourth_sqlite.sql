-- The totals follow the rows in the same write, whatever statement makes it.
CREATE TRIGGER adreel_jobs_count_added AFTER INSERT ON adreel_jobs
WHEN NEW.committed <> 0
BEGIN
    INSERT INTO adreel_totals
        VALUES (NEW.provider, NEW.account, NEW.realm, 'account', '', 0, NEW.committed)
        ON CONFLICT DO UPDATE SET committed = committed + excluded.committed;
    INSERT INTO adreel_totals
        SELECT NEW.provider, NEW.account, NEW.realm, 'run', NEW.run, 0, NEW.committed
        WHERE NEW.run IS NOT NULL
        ON CONFLICT DO UPDATE SET committed = committed + excluded.committed;
    INSERT INTO adreel_totals
        SELECT NEW.provider, NEW.account, NEW.realm, 'day', '',
            NEW.reserved_at - (NEW.reserved_at % 86400000 + 86400000) % 86400000, NEW.committed
        WHERE NEW.reserved_at IS NOT NULL
        ON CONFLICT DO UPDATE SET committed = committed + excluded.committed;
END;
CREATE TRIGGER adreel_jobs_count_changed
AFTER UPDATE OF provider, account, realm, committed, reserved_at, run ON adreel_jobs
WHEN NEW.committed IS NOT OLD.committed OR NEW.reserved_at IS NOT OLD.reserved_at
    OR NEW.run IS NOT OLD.run OR NEW.provider IS NOT OLD.provider
    OR NEW.account IS NOT OLD.account OR NEW.realm IS NOT OLD.realm
BEGIN
    INSERT INTO adreel_totals
        SELECT OLD.provider, OLD.account, OLD.realm, 'account', '', 0, -OLD.committed
        WHERE OLD.committed <> 0
        ON CONFLICT DO UPDATE SET committed = committed + excluded.committed;
    INSERT INTO adreel_totals
        SELECT OLD.provider, OLD.account, OLD.realm, 'run', OLD.run, 0, -OLD.committed
        WHERE OLD.committed <> 0 AND OLD.run IS NOT NULL
        ON CONFLICT DO UPDATE SET committed = committed + excluded.committed;
    INSERT INTO adreel_totals
        SELECT OLD.provider, OLD.account, OLD.realm, 'day', '',
            OLD.reserved_at - (OLD.reserved_at % 86400000 + 86400000) % 86400000, -OLD.committed
        WHERE OLD.committed <> 0 AND OLD.reserved_at IS NOT NULL
        ON CONFLICT DO UPDATE SET committed = committed + excluded.committed;
    INSERT INTO adreel_totals
        SELECT NEW.provider, NEW.account, NEW.realm, 'account', '', 0, NEW.committed
        WHERE NEW.committed <> 0
        ON CONFLICT DO UPDATE SET committed = committed + excluded.committed;
    INSERT INTO adreel_totals
        SELECT NEW.provider, NEW.account, NEW.realm, 'run', NEW.run, 0, NEW.committed
        WHERE NEW.committed <> 0 AND NEW.run IS NOT NULL
        ON CONFLICT DO UPDATE SET committed = committed + excluded.committed;
    INSERT INTO adreel_totals
        SELECT NEW.provider, NEW.account, NEW.realm, 'day', '',
            NEW.reserved_at - (NEW.reserved_at % 86400000 + 86400000) % 86400000, NEW.committed
        WHERE NEW.committed <> 0 AND NEW.reserved_at IS NOT NULL
        ON CONFLICT DO UPDATE SET committed = committed + excluded.committed;
END;
CREATE TRIGGER adreel_jobs_count_removed AFTER DELETE ON adreel_jobs
WHEN OLD.committed <> 0
BEGIN
    INSERT INTO adreel_totals
        VALUES (OLD.provider, OLD.account, OLD.realm, 'account', '', 0, -OLD.committed)
        ON CONFLICT DO UPDATE SET committed = committed + excluded.committed;
    INSERT INTO adreel_totals
        SELECT OLD.provider, OLD.account, OLD.realm, 'run', OLD.run, 0, -OLD.committed
        WHERE OLD.run IS NOT NULL
        ON CONFLICT DO UPDATE SET committed = committed + excluded.committed;
    INSERT INTO adreel_totals
        SELECT OLD.provider, OLD.account, OLD.realm, 'day', '',
            OLD.reserved_at - (OLD.reserved_at % 86400000 + 86400000) % 86400000, -OLD.committed
        WHERE OLD.reserved_at IS NOT NULL
        ON CONFLICT DO UPDATE SET committed = committed + excluded.committed;
END;
-- A release that does not know of stamps knows nothing of slots, totals and claims either.
CREATE TRIGGER adreel_jobs_stamp_added BEFORE INSERT ON adreel_jobs
WHEN NEW.stamp IS NOT NEW.revision
BEGIN
    SELECT RAISE(ABORT, 'this ledger was updated by a newer adreel: update this one');
END;
CREATE TRIGGER adreel_jobs_stamp_changed BEFORE UPDATE OF state, revision ON adreel_jobs
WHEN NEW.stamp IS NOT NEW.revision
BEGIN
    SELECT RAISE(ABORT, 'this ledger was updated by a newer adreel: update this one');
END;
INSERT INTO adreel_schema (version) VALUES (4);
