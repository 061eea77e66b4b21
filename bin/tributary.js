#!/usr/bin/env node
// @ts-check
import { setFlagsFromString } from "node:v8";
import { load } from "./program/load.js";

// Records live for a few batches and then go. Left to itself, V8 lets such a heap grow with the memory of the machine before it looks
// through the whole of it, and a long load holds half as much memory again as a short one. Doubling at most keeps the one within a quarter
// of the other (docs/decisions/0006).
setFlagsFromString("--heap-growing-percent=100");

await load("bin/tributary.ts");
