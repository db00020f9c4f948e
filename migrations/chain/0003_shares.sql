CREATE TABLE `shares` (
	`number` integer PRIMARY KEY NOT NULL
);
