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
CREATE TABLE `share` (
	`number` integer PRIMARY KEY NOT NULL,
	`chain` blob NOT NULL,
	`next` integer NOT NULL
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