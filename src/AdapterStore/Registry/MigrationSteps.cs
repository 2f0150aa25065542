namespace AdapterServe.AdapterStore.Registry;

/// <summary>The steps of <see cref="Migrations"/>, in SQLite's words. A step that was ever released is never changed.</summary>
internal static class MigrationSteps
{
    public static readonly string[] All =
    [
        """
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
        """,
        """
        CREATE TABLE registry_clock (
            id INTEGER PRIMARY KEY,
            value INTEGER NOT NULL,
            registry TEXT NOT NULL
        );
        ALTER TABLE adapters ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX adapters_by_revision ON adapters (revision);
        CREATE TABLE blobs (
            digest TEXT PRIMARY KEY,
            claim TEXT NOT NULL,
            claimed_at TEXT NOT NULL
        ) WITHOUT ROWID;
        INSERT INTO blobs SELECT DISTINCT digest, '', '' FROM versions;
        """,
        """
        ALTER TABLE adapters ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE adapters ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE adapters ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE adapters ADD COLUMN deleted_at TEXT;
        ALTER TABLE versions ADD COLUMN deleted_at TEXT;
        CREATE INDEX versions_by_deletion ON versions (deleted_at);
        ALTER TABLE aliases ADD COLUMN weight INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE aliases ADD COLUMN second_number INTEGER;
        ALTER TABLE aliases ADD COLUMN second_weight INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE verifications ADD COLUMN state TEXT NOT NULL DEFAULT 'ready';
        ALTER TABLE verifications ADD COLUMN reason TEXT;
        CREATE TABLE audit (
            revision INTEGER PRIMARY KEY,
            happened_at TEXT NOT NULL,
            tenant TEXT NOT NULL,
            name TEXT NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            version INTEGER,
            digest TEXT,
            outcome TEXT NOT NULL,
            detail TEXT
        );
        CREATE INDEX audit_by_tenant ON audit (tenant, revision);
        """,
        """
        CREATE TABLE api_keys (
            id TEXT PRIMARY KEY,
            tenant TEXT NOT NULL,
            name TEXT NOT NULL,
            scopes TEXT NOT NULL,
            salt TEXT NOT NULL,
            hash TEXT NOT NULL,
            previous_salt TEXT,
            previous_hash TEXT,
            previous_until TEXT,
            created_at TEXT NOT NULL,
            expires_at TEXT,
            revoked_at TEXT,
            last_used_at TEXT,
            revision INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX api_keys_by_revision ON api_keys (revision);
        CREATE INDEX api_keys_by_tenant ON api_keys (tenant);
        """,
        """
        ALTER TABLE tenants ADD COLUMN settings TEXT;
        ALTER TABLE tenants ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX tenants_by_revision ON tenants (revision);
        """,
        """
        ALTER TABLE versions ADD COLUMN signed_by TEXT;
        """,
    ];
}
