CREATE TABLE `segment_intent` (
	`id` integer PRIMARY KEY NOT NULL,
	`first` integer NOT NULL,
	`last` integer NOT NULL,
	`payload_count` integer NOT NULL,
	`blob` blob NOT NULL,
	`blob_bytes` integer NOT NULL,
	`placement` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `segments` (
	`first` integer PRIMARY KEY NOT NULL,
	`last` integer NOT NULL,
	`blob` blob NOT NULL,
	`expires_at` integer NOT NULL,
	`places` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `tombstones` (
	`blob` blob NOT NULL,
	`placement` integer NOT NULL,
	`written_by` integer,
	`blob_bytes` integer NOT NULL,
	`due_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`blob`, `placement`)
);
--> statement-breakpoint
CREATE INDEX `tombstones_due_at` ON `tombstones` (`due_at`);