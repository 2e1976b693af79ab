import GRDB

/// The tables of a region's file and of the control file. A migration that was released never changes.
enum Schema {
    static func region(_ keys: EvidenceKeys) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("region 1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE meta (
                        name TEXT PRIMARY KEY,
                        value BLOB NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE person (
                        id INTEGER PRIMARY KEY,
                        number_hash BLOB NOT NULL UNIQUE CHECK (length(number_hash) = 32),
                        sealed BLOB NOT NULL
                    ) STRICT;

                    CREATE TABLE dose (
                        person INTEGER NOT NULL REFERENCES person (id),
                        number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 99),
                        sealed BLOB NOT NULL,
                        PRIMARY KEY (person, number)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE earlier_passport (
                        person INTEGER NOT NULL REFERENCES person (id),
                        position INTEGER NOT NULL,
                        sealed BLOB NOT NULL,
                        PRIMARY KEY (person, position)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE certificate (
                        id TEXT PRIMARY KEY,
                        kind TEXT NOT NULL,
                        copies INTEGER NOT NULL,
                        person INTEGER NOT NULL REFERENCES person (id),
                        terminal TEXT NOT NULL,
                        application_hash BLOB NOT NULL,
                        transcript_hash BLOB NOT NULL,
                        session_signing_key BLOB NOT NULL,
                        inquiry TEXT NOT NULL,
                        at INTEGER NOT NULL,
                        issued_on INTEGER NOT NULL,
                        state TEXT NOT NULL CHECK (state IN ('intended', 'signed', 'printed', 'voided', 'unknown')),
                        sealed BLOB NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX certificate_person_day ON certificate (person, issued_on);
                    CREATE INDEX certificate_state ON certificate (state, at);
                    CREATE INDEX certificate_transcript ON certificate (transcript_hash);

                    CREATE TABLE code (
                        certificate TEXT NOT NULL REFERENCES certificate (id),
                        hash BLOB NOT NULL CHECK (length(hash) = 32),
                        PRIMARY KEY (certificate, hash)
                    ) STRICT, WITHOUT ROWID;
                    """)
            try createLog(db)
            try db.execute(sql: "CREATE INDEX log_contradiction ON log (certificate) WHERE event = 'contradiction'")
        }
        migrator.registerMigration("region 2") { db in
            try db.execute(
                sql: """
                    ALTER TABLE certificate ADD COLUMN revoked_at INTEGER;
                    CREATE INDEX certificate_revoked ON certificate (revoked_at) WHERE revoked_at IS NOT NULL;

                    CREATE TABLE revocable_code (
                        certificate TEXT NOT NULL REFERENCES certificate (id),
                        key_id BLOB NOT NULL CHECK (length(key_id) = 8),
                        hash BLOB NOT NULL CHECK (length(hash) = 16),
                        expires INTEGER NOT NULL,
                        PRIMARY KEY (certificate, key_id, hash)
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("region 3") { db in
            try db.execute(
                sql: """
                    ALTER TABLE person ADD COLUMN doses INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE person ADD COLUMN doses_hash BLOB;
                    ALTER TABLE person ADD COLUMN passports_hash BLOB;
                    ALTER TABLE certificate ADD COLUMN codes_hash BLOB;
                    CREATE INDEX log_revoked ON log (certificate)
                        WHERE event IN ('voided', 'voided_by_operator', 'revoked_by_operator');
                    """)
            try addEvidence(to: db, keys)
        }
        migrator.registerMigration("region: journal") { db in
            try addJournal(to: db, keys)
            try db.execute(
                sql: """
                    CREATE TABLE tombstone (
                        certificate TEXT PRIMARY KEY,
                        event TEXT NOT NULL,
                        at INTEGER NOT NULL,
                        codes BLOB NOT NULL,
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        // Until then a number was only hashed: those of people who were there come with the next import.
        migrator.registerMigration("region: individual numbers") { db in
            try db.execute(
                sql: """
                    CREATE TABLE individual_number (
                        person INTEGER PRIMARY KEY REFERENCES person (id),
                        sealed BLOB NOT NULL,
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL
                    ) STRICT;
                    """)
        }
        // Doses that were recorded stay, also where they are corrected. The column `number` only names a row from here on: the
        // entries of before have their dose's number there, which leaves gaps, and others the next that is free. What is
        // sealed has members that versions before do not read, which is all that this step says.
        migrator.registerMigration("region: history of doses") { _ in }
        migrator.registerMigration("region: imports") { db in
            try db.execute(
                sql: """
                    CREATE TABLE import (
                        id INTEGER PRIMARY KEY,
                        state TEXT NOT NULL,
                        format TEXT NOT NULL,
                        change TEXT NOT NULL,
                        medium TEXT NOT NULL,
                        purpose TEXT NOT NULL,
                        at INTEGER NOT NULL,
                        ended INTEGER,
                        staged_by TEXT NOT NULL,
                        first_approval TEXT,
                        first_certificate TEXT,
                        second_approval TEXT,
                        erased_by TEXT,
                        rows INTEGER NOT NULL,
                        refused INTEGER NOT NULL,
                        unchanged INTEGER NOT NULL,
                        older INTEGER NOT NULL,
                        new INTEGER NOT NULL,
                        changed INTEGER NOT NULL,
                        unclear INTEGER NOT NULL,
                        ended_doses INTEGER NOT NULL,
                        removed_passports INTEGER NOT NULL,
                        renumbered INTEGER NOT NULL,
                        applied INTEGER NOT NULL,
                        skipped INTEGER NOT NULL,
                        place INTEGER NOT NULL,
                        sealed BLOB,
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL
                    ) STRICT;

                    CREATE TABLE import_certificate (
                        import INTEGER NOT NULL REFERENCES import (id),
                        certificate TEXT NOT NULL REFERENCES certificate (id),
                        PRIMARY KEY (import, certificate)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE finding (
                        person INTEGER NOT NULL REFERENCES person (id),
                        hash BLOB NOT NULL CHECK (length(hash) = 16),
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL,
                        PRIMARY KEY (person, hash)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX finding_hash ON finding (hash);
                    """)
        }
        // One that has nothing there was asked for at a terminal.
        migrator.registerMigration("region: channels") { db in
            try db.execute(sql: "ALTER TABLE certificate ADD COLUMN channel TEXT")
        }
        // Vouchers. What is sealed of doses and people has members from here on that versions before do not read: where a dose was
        // given and by whom, the voucher that it names, and the passports of before.
        migrator.registerMigration("region: vouchers") { db in
            try db.execute(
                sql: """
                    CREATE TABLE voucher (
                        person INTEGER NOT NULL REFERENCES person (id),
                        position INTEGER NOT NULL,
                        sealed BLOB NOT NULL,
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL,
                        PRIMARY KEY (person, position)
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        // Lines that are no longer at hand leave for files. A pseudonym is from here on under a key that does not rotate.
        migrator.registerMigration("region: segments of the log") { db in
            try db.execute(
                sql: """
                    CREATE TABLE segment (
                        last INTEGER PRIMARY KEY,
                        first INTEGER NOT NULL,
                        hash BLOB NOT NULL CHECK (length(hash) = 32),
                        file TEXT NOT NULL,
                        bytes INTEGER NOT NULL,
                        from_at INTEGER NOT NULL,
                        to_at INTEGER NOT NULL,
                        removed INTEGER,
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL
                    ) STRICT;

                    CREATE TABLE closed_certificate (
                        certificate TEXT PRIMARY KEY,
                        state TEXT,
                        signed INTEGER NOT NULL,
                        revoked INTEGER NOT NULL,
                        taken_back INTEGER NOT NULL,
                        contradicted INTEGER NOT NULL,
                        irregular INTEGER NOT NULL,
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX closed_certificate_taken_back ON closed_certificate (certificate) WHERE taken_back = 1;

                    CREATE TABLE renumbering (
                        later TEXT NOT NULL,
                        former TEXT NOT NULL,
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL,
                        PRIMARY KEY (later, former)
                    ) STRICT, WITHOUT ROWID;
                    """)
            try LogTable.allowingChanges(db) {}
            // Where the head does not open, evidence is broken already, and a search finds these by either pseudonym alone.
            do {
                let ledger = Ledger(db, keys)
                for detail in try String.fetchAll(
                    db, sql: "SELECT detail FROM log WHERE event = 'renumbered' AND detail IS NOT NULL")
                {
                    try ledger.noteRenumbering(detail)
                }
                try ledger.flush()
            } catch let error as StoreError where error == .broken() {}
        }
        // What was erased since it was kept long enough, and what waits for it. A version before would give a row's number to
        // somebody else.
        migrator.registerMigration("region: retention") { db in
            try db.execute(
                sql: """
                    CREATE TABLE erasure (
                        person INTEGER NOT NULL,
                        decision INTEGER NOT NULL,
                        content TEXT NOT NULL,
                        at INTEGER,
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL,
                        PRIMARY KEY (person, decision)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX erasure_left ON erasure (decision, person) WHERE at IS NULL;
                    CREATE INDEX import_certificate_certificate ON import_certificate (certificate);
                    """)
        }
        // Certificates on phones, which every look-up of their person asks for. A passport's source may be one that versions before do
        // not read.
        migrator.registerMigration("region: phones") { db in
            try db.execute(
                sql: """
                    CREATE INDEX certificate_on_phone ON certificate (person)
                        WHERE channel = 'app' AND kind = 'overseas';
                    """)
        }
        return migrator
    }

    static func control(_ keys: EvidenceKeys) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("control 1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE control (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        revision INTEGER NOT NULL,
                        halted TEXT
                    ) STRICT;
                    INSERT INTO control (id, revision) VALUES (1, 1);

                    CREATE TABLE key_check (
                        region TEXT PRIMARY KEY,
                        value BLOB NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE claim (
                        challenge_hash BLOB PRIMARY KEY CHECK (length(challenge_hash) = 32),
                        application_hash BLOB NOT NULL CHECK (length(application_hash) = 32),
                        certificate TEXT NOT NULL,
                        issued_on INTEGER NOT NULL,
                        at INTEGER NOT NULL,
                        keep_until INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX claim_application ON claim (application_hash);
                    CREATE INDEX claim_keep_until ON claim (keep_until);

                    CREATE TABLE terminal (
                        id TEXT PRIMARY KEY,
                        shop TEXT NOT NULL,
                        certificate_hash BLOB NOT NULL UNIQUE CHECK (length(certificate_hash) = 32),
                        certificate_der BLOB NOT NULL,
                        not_after INTEGER NOT NULL,
                        status TEXT NOT NULL CHECK (status IN ('active', 'revoked')),
                        enrolled_at INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE suspension (
                        subject TEXT PRIMARY KEY,
                        at INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE stop (
                        hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
                        at INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """)
            try createLog(db)
        }
        migrator.registerMigration("control: publication") { db in
            try db.execute(
                sql: """
                    CREATE TABLE published (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        counter INTEGER NOT NULL CHECK (counter >= 0)
                    ) STRICT;

                    CREATE TABLE published_identifier (
                        identifier TEXT PRIMARY KEY,
                        at INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE published_code (
                        key_id BLOB NOT NULL CHECK (length(key_id) = 8),
                        hash BLOB NOT NULL CHECK (length(hash) = 16),
                        expires INTEGER NOT NULL,
                        PRIMARY KEY (key_id, hash)
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        // Applications are known by their transcripts. A claim of the minutes before was made by an application's bytes,
        // so that no transcript is found for it: its challenge stays used.
        migrator.registerMigration("control: claims by transcript") { db in
            try db.execute(
                sql: """
                    DROP INDEX claim_application;
                    ALTER TABLE claim RENAME COLUMN application_hash TO transcript_hash;
                    ALTER TABLE claim ADD COLUMN repetitions INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE claim ADD COLUMN refusal TEXT;
                    CREATE INDEX claim_transcript ON claim (transcript_hash);
                    """)
        }
        migrator.registerMigration("control: evidence") { db in
            try db.execute(
                sql: """
                    ALTER TABLE control ADD COLUMN incarnation INTEGER NOT NULL DEFAULT 1;

                    CREATE TABLE region_head (
                        region TEXT PRIMARY KEY,
                        count INTEGER NOT NULL,
                        hash BLOB NOT NULL CHECK (length(hash) = 32)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE region_break (
                        region TEXT PRIMARY KEY,
                        at INTEGER NOT NULL,
                        place TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """)
            try addEvidence(to: db, keys)
        }
        migrator.registerMigration("control: journal") { db in
            try addJournal(to: db, keys)
            try db.execute(
                sql: """
                    CREATE TABLE signing_key (
                        role TEXT NOT NULL,
                        thumbprint TEXT NOT NULL,
                        at INTEGER NOT NULL,
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL,
                        PRIMARY KEY (role, thumbprint)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE ended_certificate (
                        hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
                        at INTEGER NOT NULL,
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        // Where to look when a service begins; an import itself is its region's.
        migrator.registerMigration("control: imports") { db in
            try db.execute(
                sql: """
                    CREATE TABLE import_due (
                        region TEXT NOT NULL,
                        number INTEGER NOT NULL,
                        PRIMARY KEY (region, number)
                    ) STRICT, WITHOUT ROWID
                    """)
        }
        migrator.registerMigration("control: decisions") { db in
            try db.execute(
                sql: """
                    CREATE TABLE decision (
                        id INTEGER PRIMARY KEY,
                        region TEXT NOT NULL,
                        subject TEXT NOT NULL,
                        content TEXT,
                        state TEXT NOT NULL,
                        reason TEXT NOT NULL,
                        at INTEGER NOT NULL,
                        proposed_by TEXT NOT NULL,
                        proposed_certificate TEXT,
                        approved_by TEXT,
                        approved_certificate TEXT,
                        ended INTEGER,
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL
                    ) STRICT;
                    CREATE INDEX decision_region ON decision (region, id);
                    """)
        }
        // Settings say how long what is kept, and a run that erases it is a decision too: versions before would pass over the first
        // and not read the second, which is all that this step says.
        migrator.registerMigration("control: retention") { _ in }
        // Phones. Suspensions may be of more than versions before read. Neither used tokens nor counts are under evidence, as claims.
        migrator.registerMigration("control: phones") { db in
            try db.execute(
                sql: """
                    CREATE TABLE device (
                        key_hash BLOB PRIMARY KEY CHECK (length(key_hash) = 32),
                        kind TEXT NOT NULL,
                        level TEXT NOT NULL,
                        not_after INTEGER NOT NULL,
                        certificate_der BLOB NOT NULL,
                        code_hash BLOB NOT NULL UNIQUE CHECK (length(code_hash) = 32),
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX device_not_after ON device (not_after);

                    CREATE TABLE revoked_device (
                        key_hash BLOB PRIMARY KEY CHECK (length(key_hash) = 32),
                        not_after INTEGER NOT NULL,
                        at INTEGER NOT NULL,
                        version INTEGER NOT NULL,
                        mac BLOB NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX revoked_device_not_after ON revoked_device (not_after);

                    CREATE TABLE enrolment_token (
                        hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
                        key_hash BLOB NOT NULL CHECK (length(key_hash) = 32),
                        keep_until INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX enrolment_token_keep_until ON enrolment_token (keep_until);

                    CREATE TABLE attempt (
                        hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
                        count INTEGER NOT NULL,
                        until INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX attempt_until ON attempt (until);
                    """)
        }
        return migrator
    }

    /// How far the database holds what stands in the journal: nothing of it yet.
    private static func addJournal(to db: Database, _ keys: EvidenceKeys) throws {
        try db.execute(
            sql: """
                CREATE TABLE journal (
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    applied INTEGER NOT NULL CHECK (applied >= 0),
                    known INTEGER NOT NULL CHECK (known >= 0),
                    roots INTEGER NOT NULL CHECK (roots >= 0),
                    version INTEGER NOT NULL,
                    mac BLOB NOT NULL
                ) STRICT;
                """)
        // Where the head does not open, evidence is broken already: the row comes with the restore.
        do {
            let ledger = Ledger(db, keys)
            try JournalTable.set(["applied": 0], in: ledger)
            try ledger.flush()
        } catch let error as StoreError where error == .broken() {}
    }

    /// The chain, the versions and codes of rows, and the head; what is there already is sealed as it stands.
    private static func addEvidence(to db: Database, _ keys: EvidenceKeys) throws {
        try db.execute(
            sql: """
                ALTER TABLE log ADD COLUMN actor TEXT;
                ALTER TABLE log ADD COLUMN chain BLOB;
                CREATE TABLE head (
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    sealed BLOB NOT NULL
                ) STRICT;
                """)
        let tables = EvidentTable.first(of: keys.log)
        for table in tables {
            try db.execute(
                sql: """
                    ALTER TABLE \(table.name) ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE \(table.name) ADD COLUMN mac BLOB;
                    """)
        }
        try Ledger(db, keys).sealAnew(tables)
    }

    /// The log only grows: the database itself refuses to change or remove a line.
    private static func createLog(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE log (
                    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                    at INTEGER NOT NULL,
                    event TEXT NOT NULL,
                    certificate TEXT,
                    terminal TEXT,
                    inquiry TEXT,
                    detail TEXT
                ) STRICT;
                """)
        try LogTable.forbidChanges(db)
    }
}
