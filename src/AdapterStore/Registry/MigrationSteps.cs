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
    ];
}
