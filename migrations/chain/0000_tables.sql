CREATE TABLE `handshakes` (
	`hash` blob PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`epoch` integer NOT NULL,
	`bytes` blob NOT NULL,
	`expires_at` integer
);
--> statement-breakpoint
CREATE INDEX `handshakes_kind_epoch` ON `handshakes` (`kind`,`epoch`);--> statement-breakpoint
CREATE INDEX `handshakes_expires_at` ON `handshakes` (`expires_at`);--> statement-breakpoint
CREATE TABLE `jobs` (
	`kind` text PRIMARY KEY NOT NULL,
	`due_at` integer NOT NULL,
	`attempt` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `log` (
	`idx` integer PRIMARY KEY NOT NULL,
	`entry` blob NOT NULL,
	`nodes` blob NOT NULL,
	`event_key` blob NOT NULL,
	CONSTRAINT "log_shape" CHECK(typeof(entry) = 'blob' and length(entry) between 1 and 65535
        and typeof(nodes) = 'blob' and length(nodes) between 32 and 1696 and length(nodes) % 32 = 0
        and typeof(event_key) = 'blob' and length(event_key) = 48)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `log_event_key` ON `log` (`event_key`);--> statement-breakpoint
CREATE TABLE `nonces` (
	`nonce` blob PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `nonces_expires_at` ON `nonces` (`expires_at`);--> statement-breakpoint
CREATE TABLE `outbox` (
	`idx` integer NOT NULL,
	`recipient` blob NOT NULL,
	`kind` text NOT NULL,
	`body` blob NOT NULL,
	`attempt` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`idx`, `recipient`, `kind`)
);
--> statement-breakpoint
CREATE INDEX `outbox_due_at` ON `outbox` (`due_at`);--> statement-breakpoint
CREATE INDEX `outbox_expires_at` ON `outbox` (`expires_at`);--> statement-breakpoint
CREATE TABLE `payload_lookup` (
	`idx` integer PRIMARY KEY NOT NULL,
	`tag` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `payload_lookup_tag` ON `payload_lookup` (`tag`);--> statement-breakpoint
CREATE TABLE `payloads` (
	`idx` integer PRIMARY KEY NOT NULL,
	`hash` blob NOT NULL,
	`bytes` blob NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `pokes` (
	`recipient` blob PRIMARY KEY NOT NULL,
	`idx` integer NOT NULL,
	`attempt` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `pokes_due_at` ON `pokes` (`due_at`);--> statement-breakpoint
CREATE TABLE `snapshots` (
	`idx` integer PRIMARY KEY NOT NULL,
	`leaf_hash` blob NOT NULL,
	`digest` blob NOT NULL,
	`bytes` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `tickets` (
	`hash` blob PRIMARY KEY NOT NULL,
	`actor` blob NOT NULL,
	`origin` text,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `tickets_expires_at` ON `tickets` (`expires_at`);