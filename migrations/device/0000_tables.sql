CREATE TABLE `jobs` (
	`kind` text PRIMARY KEY NOT NULL,
	`due_at` integer NOT NULL,
	`attempt` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `key_packages` (
	`ref` blob PRIMARY KEY NOT NULL,
	`bytes` blob NOT NULL,
	`suite` integer NOT NULL,
	`not_after` integer NOT NULL,
	`last_resort` integer NOT NULL,
	`claimed_at` integer
);
--> statement-breakpoint
CREATE INDEX `key_packages_stock` ON `key_packages` (`suite`,`last_resort`,`not_after`) WHERE claimed_at is null;--> statement-breakpoint
CREATE INDEX `key_packages_not_after` ON `key_packages` (`not_after`);--> statement-breakpoint
CREATE TABLE `mailbox` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`chain` blob NOT NULL,
	`idx` integer NOT NULL,
	`bytes` blob NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `mailbox_source` ON `mailbox` (`kind`,`chain`,`idx`);--> statement-breakpoint
CREATE UNIQUE INDEX `mailbox_poke` ON `mailbox` (`chain`) WHERE kind = 'poke';--> statement-breakpoint
CREATE INDEX `mailbox_expires_at` ON `mailbox` (`expires_at`);--> statement-breakpoint
CREATE TABLE `nonces` (
	`nonce` blob PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `nonces_expires_at` ON `nonces` (`expires_at`);--> statement-breakpoint
CREATE TABLE `tickets` (
	`hash` blob PRIMARY KEY NOT NULL,
	`actor` blob NOT NULL,
	`origin` text,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `tickets_expires_at` ON `tickets` (`expires_at`);