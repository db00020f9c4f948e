CREATE TABLE `lapsed_suites` (
	`suite` integer PRIMARY KEY NOT NULL
);
