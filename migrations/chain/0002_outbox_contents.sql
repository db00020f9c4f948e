CREATE TABLE `outbox_contents` (
	`idx` integer NOT NULL,
	`kind` text NOT NULL,
	`bytes` blob NOT NULL,
	PRIMARY KEY(`idx`, `kind`)
);
--> statement-breakpoint
-- What is on its way stays so: all deliveries of one entry and kind bring the same bytes.
INSERT OR IGNORE INTO `outbox_contents` (`idx`, `kind`, `bytes`) SELECT `idx`, `kind`, `body` FROM `outbox`;--> statement-breakpoint
ALTER TABLE `outbox` DROP COLUMN `body`;--> statement-breakpoint
ALTER TABLE `pokes` ADD `expires_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
-- 30 days from when it is due.
UPDATE `pokes` SET `expires_at` = `due_at` + 2592000000;--> statement-breakpoint
CREATE INDEX `pokes_expires_at` ON `pokes` (`expires_at`);
