#!/usr/bin/env node
import { fail, guardProcess } from "./exit.js";
import { createProgram } from "./program.js";

guardProcess();
await createProgram().parseAsync().catch(fail);
