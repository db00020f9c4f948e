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
CREATE TABLE `objects` (
	`key` text PRIMARY KEY NOT NULL,
	`size` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `objects_expires_at` ON `objects` (`expires_at`);