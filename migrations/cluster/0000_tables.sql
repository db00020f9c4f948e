CREATE TABLE `chains` (
	`chain` text PRIMARY KEY NOT NULL,
	`report` text NOT NULL,
	`round` integer NOT NULL,
	`asked_round` integer DEFAULT 0 NOT NULL,
	`asked_at` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `chains_round` ON `chains` (`round`);--> statement-breakpoint
CREATE TABLE `jobs` (
	`kind` text PRIMARY KEY NOT NULL,
	`due_at` integer NOT NULL,
	`attempt` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `nonces` (
	`nonce` blob PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `nonces_expires_at` ON `nonces` (`expires_at`);--> statement-breakpoint
CREATE TABLE `orphans` (
	`node` text NOT NULL,
	`key` text NOT NULL,
	`found_at` integer NOT NULL,
	PRIMARY KEY(`node`, `key`)
);
--> statement-breakpoint
CREATE TABLE `placements` (
	`number` integer PRIMARY KEY NOT NULL,
	`bytes` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `retired` (
	`node` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`since` integer NOT NULL
);
