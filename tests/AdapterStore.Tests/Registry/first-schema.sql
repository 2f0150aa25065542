CREATE TABLE tenants (
    tenant TEXT PRIMARY KEY,
    created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE adapters (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    name TEXT NOT NULL,
    current_version INTEGER,
    last_version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;
CREATE TABLE versions (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    digest TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant, name, number),
    UNIQUE (tenant, name, digest),
    FOREIGN KEY (tenant, name) REFERENCES adapters (tenant, name)
) WITHOUT ROWID;
CREATE INDEX versions_by_digest ON versions (digest);
CREATE TABLE aliases (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    alias TEXT NOT NULL,
    number INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant, name, alias),
    FOREIGN KEY (tenant, name, number) REFERENCES versions (tenant, name, number)
) WITHOUT ROWID;
CREATE TABLE verifications (
    digest TEXT NOT NULL,
    base TEXT NOT NULL,
    facts TEXT NOT NULL,
    verified_at TEXT NOT NULL,
    PRIMARY KEY (digest, base)
) WITHOUT ROWID;
CREATE TABLE migrations (number INTEGER PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL);
INSERT INTO migrations VALUES (1, '15e8c09a011aa82840f7b84862f1d46882abf4d8339a7c14b2efc07d67932724', '2026-11-01T00:00:00.0000000+00:00');
INSERT INTO tenants VALUES ('acme', '2026-11-01T00:00:00.0000000+00:00');
INSERT INTO adapters VALUES ('acme', 'a', 3, 3, '2026-11-01T00:00:00.0000000+00:00', '2026-11-01T00:00:00.0000000+00:00');
INSERT INTO versions VALUES ('acme', 'a', 3, 'sha256:1111111111111111111111111111111111111111111111111111111111111111', 120, '2026-11-01T00:00:00.0000000+00:00');
INSERT INTO aliases VALUES ('acme', 'a', 'prod', 3, '2026-11-01T00:00:00.0000000+00:00');
INSERT INTO verifications VALUES ('sha256:1111111111111111111111111111111111111111111111111111111111111111', 'sha256:b0', '{"kind":"lora","forms":["low_rank"],"exactness":"exact","ranks":[2],"dtype":"float32","sites":4,"weight_bytes":100,"tasks":[]}', '2026-11-01T00:00:00.0000000+00:00');
