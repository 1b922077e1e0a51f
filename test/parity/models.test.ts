import { holdDomain } from "./hold.js";

holdDomain("models");
