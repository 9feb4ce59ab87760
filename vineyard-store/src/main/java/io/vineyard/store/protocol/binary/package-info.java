/**
 * The binary dialect: a preface, then frames in both directions.
 *
 * <p>All numbers are little-endian. A connection begins with the client's {@link
 * io.vineyard.store.protocol.binary.Preface}, which can never begin a message of Vineyard's JSON
 * dialect, and then carries frames, each with a {@link
 * io.vineyard.store.protocol.binary.FrameHeader}. One connection carries commands and events; a
 * second one belongs to it and carries nothing but the descriptors of segments and rings, in the
 * order in which those are announced on the first.
 *
 * <pre>
 * client                                     store
 *   | preface, HELLO ------------------------> |
 *   | &lt;--------------------- WELCOME or CLOSED |
 *   | preface, ATTACH (second connection) ---> |
 *   | &lt;--------------------------------- READY |
 *   | commands ------------------------------> |
 *   | &lt;-------------------------------- events |
 *   | &lt;------ descriptors (second connection)  |
 * </pre>
 *
 * <p>Everything that is read is checked before it is used: what is wrong ends the connection with
 * {@link io.vineyard.store.ErrorCode#PROTOCOL_ERROR}.
 */
@NullMarked
package io.vineyard.store.protocol.binary;

import org.jspecify.annotations.NullMarked;
