// @ts-check
// Where the thread starts that reads a file. A thread needs a file that Node can run, as a process does.
// oxlint-disable-next-line no-restricted-imports -- how the program is loaded is known there alone
import { load } from "../../../bin/program/load.js";

await load("connectors/csv/apart/worker.ts");
