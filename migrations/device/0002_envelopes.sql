CREATE TABLE `claim_counts` (
	`kind` text NOT NULL,
	`subject` blob NOT NULL,
	`count` integer NOT NULL,
	`ends_at` integer NOT NULL,
	PRIMARY KEY(`kind`, `subject`)
);
--> statement-breakpoint
CREATE INDEX `claim_counts_ends_at` ON `claim_counts` (`ends_at`);--> statement-breakpoint
CREATE TABLE `mailbox_tokens` (
	`serial` integer PRIMARY KEY NOT NULL,
	`uses` integer NOT NULL,
	`revoked` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `mailbox_tokens_expires_at` ON `mailbox_tokens` (`expires_at`);--> statement-breakpoint
CREATE TABLE `token_epochs` (
	`id` integer PRIMARY KEY NOT NULL,
	`epoch` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `claim_counts` (`kind`, `subject`, `count`, `ends_at`) SELECT 'chain', `chain`, `count`, `ends_at` FROM `claim_windows`;--> statement-breakpoint
DROP TABLE `claim_windows`;--> statement-breakpoint
DROP INDEX `mailbox_source`;--> statement-breakpoint
ALTER TABLE `mailbox` ADD `digest` blob;--> statement-breakpoint
ALTER TABLE `mailbox` ADD `sender` blob;--> statement-breakpoint
ALTER TABLE `mailbox` ADD `given` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `mailbox` ADD `given_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `mailbox` ADD `set_aside` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `mailbox_acknowledged` ON `mailbox` (`seq`) WHERE acknowledged = 1 and set_aside = 0;--> statement-breakpoint
CREATE INDEX `mailbox_set_aside` ON `mailbox` (`seq`) WHERE set_aside = 1;--> statement-breakpoint
CREATE INDEX `mailbox_room` ON `mailbox` (`kind`) WHERE (acknowledged = 0 or set_aside = 1);--> statement-breakpoint
CREATE UNIQUE INDEX `mailbox_envelope` ON `mailbox` (`digest`) WHERE kind = 'envelope';--> statement-breakpoint
CREATE UNIQUE INDEX `mailbox_source` ON `mailbox` (`kind`,`chain`,`idx`) WHERE kind in ('welcome', 'poke');--> statement-breakpoint
CREATE INDEX `key_packages_claimed` ON `key_packages` (`claimed_at`) WHERE claimed_at is not null;