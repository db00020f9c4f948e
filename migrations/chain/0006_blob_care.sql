CREATE TABLE `leftovers` (
	`id` blob NOT NULL,
	`node` text NOT NULL,
	`shard` integer NOT NULL,
	`written_by` integer NOT NULL,
	`parts` integer NOT NULL,
	`attempt` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL,
	PRIMARY KEY(`id`, `node`, `shard`)
);
--> statement-breakpoint
CREATE INDEX `leftovers_due_at` ON `leftovers` (`due_at`);--> statement-breakpoint
CREATE TABLE `repairs` (
	`id` blob PRIMARY KEY NOT NULL,
	`attempt` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `repairs_due_at` ON `repairs` (`due_at`);--> statement-breakpoint
ALTER TABLE `blobs` ADD `written_by` integer;--> statement-breakpoint
ALTER TABLE `blobs` ADD `evidence` blob;