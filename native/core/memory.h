#pragma once

namespace ssd {

// From now on the memory of large tensors is kept for the next ones. A system that gives and takes
// it each time makes fresh pages for every activation of every step, which takes a CPU about as
// long as all the arithmetic; a step asks for the same sizes again and again. What nothing has
// asked for during some thousand requests goes back to the system. Once, when the engine is loaded.
void keep_memory();

// Gives back what is kept and not in use.
void release_memory();

}  // namespace ssd
