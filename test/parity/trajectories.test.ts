import { holdDomain } from "./hold.js";

holdDomain("trajectories");
