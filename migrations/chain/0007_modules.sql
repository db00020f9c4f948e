CREATE TABLE `modules` (
	`hash` blob PRIMARY KEY NOT NULL,
	`bytes` blob NOT NULL
);
