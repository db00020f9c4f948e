CREATE TABLE `blobs` (
	`id` blob PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`hash` blob NOT NULL,
	`size` integer NOT NULL,
	`descriptor` blob NOT NULL,
	`placement` integer NOT NULL,
	`missing` blob NOT NULL,
	`expires_at` integer NOT NULL,
	`status` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `blobs_hash` ON `blobs` (`hash`);--> statement-breakpoint
CREATE INDEX `blobs_expires_at` ON `blobs` (`expires_at`);--> statement-breakpoint
CREATE TABLE `uploads` (
	`hash` blob NOT NULL,
	`actor` blob NOT NULL,
	`id` blob NOT NULL,
	`size` integer NOT NULL,
	`placement` integer NOT NULL,
	`blob_expires_at` integer NOT NULL,
	`turn` integer NOT NULL,
	`rows` integer NOT NULL,
	`part_hashes` blob NOT NULL,
	`missing` blob NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`hash`, `actor`)
);
--> statement-breakpoint
CREATE INDEX `uploads_expires_at` ON `uploads` (`expires_at`);