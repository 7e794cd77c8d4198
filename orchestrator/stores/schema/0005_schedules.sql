-- What became of each slot of a schedule, once and for ever; and up to where the slots of each are decided.

-- one row for each form that a schedule of that name has had: `fingerprint` is of what decides when it is due, '' where
-- it was in the file no more. Schedulers with different files have a row each, and none moves another's
CREATE TABLE schedules (
    name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    decided_until TEXT NOT NULL,
    since TEXT NOT NULL, -- when it came into force last
    seen_at TEXT NOT NULL, -- when a scheduler had it in force last
    PRIMARY KEY (name, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE schedule_pauses (
    schedule TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    "by" TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE schedule_slots (
    schedule TEXT NOT NULL,
    slot TEXT NOT NULL,
    fate TEXT NOT NULL CHECK (fate IN ('fired', 'missed', 'skipped', 'refused')),
    execution_id TEXT REFERENCES executions (execution_id) ON DELETE SET NULL,
    decided_at TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (schedule, slot)
) STRICT, WITHOUT ROWID;

CREATE INDEX schedule_slots_by_execution ON schedule_slots (execution_id) WHERE execution_id IS NOT NULL;
