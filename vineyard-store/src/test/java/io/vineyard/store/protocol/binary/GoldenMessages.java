package io.vineyard.store.protocol.binary;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.message.BlobLocation;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the golden frames mean, by their titles. */
final class GoldenMessages {
  private static final long BLOB = 1L << 63;
  private static final ByteBuffer BYTES = ByteBuffer.wrap(new byte[] {1, 2, 3}).asReadOnlyBuffer();

  private GoldenMessages() {}

  /** Returns all but those with a segment, which becomes another message on the wire. */
  static Map<String, Object> all() {
    Map<String, Object> all = new LinkedHashMap<>();
    handshakes(all);
    segments(all);
    objects(all);
    requests(all);
    streams(all);
    chunks(all);
    return all;
  }

  private static void handshakes(Map<String, Object> all) {
    long tokenHigh = 0x1122334455667788L;
    all.put("Hello", new Handshake.Hello(1, 2, 12345, "golden"));
    all.put("Welcome", new Handshake.Welcome(1, 7, tokenHigh, -2, 1 << 30, 64 << 20, 12345));
    all.put("Attach", new Handshake.Attach(7, tokenHigh, -2));
    all.put("Ready", new Handshake.Ready(1));
    all.put("Closed", new Handshake.Closed(262, "gone"));
  }

  private static void segments(Map<String, Object> all) {
    all.put("LeaseSegment", new Command.LeaseSegment(1, 4096, 65536));
    all.put("SegmentMapped", new Command.SegmentMapped(3));
    all.put("ReturnSegment", new Command.ReturnSegment(3));
    all.put("SegmentAnnounced", new SegmentAnnounced(1, 3, 4096));
    all.put("SegmentClosed", new Event.SegmentClosed(3));
    all.put("BlobsReclaimed", new Event.BlobsReclaimed(3, new long[] {64}));
  }

  private static void objects(Map<String, Object> all) {
    ObjectMeta meta =
        ObjectMeta.builder("t::A")
            .field("s", "\u00e9")
            .field("i", -1)
            .field("f", 1.5)
            .field("b", true)
            .member("m", ObjectMeta.reference(new ObjectId(0x12)))
            .build();
    ObjectMeta blob =
        ObjectMeta.blob(new ObjectId(BLOB | 1), 1000).toBuilder().persistent(true).build();
    all.put("SealBlob", new Command.SealBlob(5, 3, 64, 1000));
    all.put("CreateObject", new Command.CreateObject(6, meta));
    all.put("GetObject", new Command.GetObject(7, BLOB | 1, true));
    all.put("ReleaseBlobs", new Command.ReleaseBlobs(new long[] {BLOB | 1, BLOB | 2}));
    all.put("ListObjects", new Command.ListObjects(8, "*::B", 10));
    all.put("DeleteObject", new Command.DeleteObject(9, 0x12));
    all.put("Persist", new Command.Persist(10, 0x12));
    all.put(
        "Objects",
        new Event.Objects(7, List.of(blob), List.of(new BlobLocation(BLOB | 1, 3, 64, 1000))));
  }

  private static void requests(Map<String, Object> all) {
    all.put("PutName", new Command.PutName(11, 0x12, "n"));
    all.put("GetName", new Command.GetName(12, "n", true));
    all.put("DropName", new Command.DropName(13, "n"));
    all.put("CancelRequest", new Command.CancelRequest(12));
    all.put("GetStatus", new Command.GetStatus(14));
    all.put("Done", new Event.Done(5, BLOB | 1));
    all.put("Failed", new Event.Failed(6, 21, "no"));
    all.put("Status", new Event.Status(14, new StoreStatus(1 << 20, 4096, 8192, 1, 2, 3, 4, 5, 6)));
  }

  private static void streams(Map<String, Object> all) {
    StreamSpec nameless = StreamSpec.create().typeName("t").windowChunks(2).windowBytes(4096);
    StreamSpec spec = nameless.name("n");
    ObjectId id = new ObjectId(0x20);
    all.put("CreateStream", new Command.CreateStream(15, spec));
    all.put("CreateStream without a name", new Command.CreateStream(15, nameless));
    all.put("GetStream", new Command.GetStream(16, 0x20));
    all.put("OpenWriter", new Command.OpenWriter(17, 0x20));
    all.put("OpenReader", new Command.OpenReader(18, 0x20));
    all.put("EndStream", new Command.EndStream(17, 0, ""));
    all.put("EndStream with an error", new Command.EndStream(17, 43, "bad"));
    all.put("CloseReader", new Command.CloseReader(18, true));
    StreamInfo open =
        new StreamInfo(id, spec, StreamInfo.State.OPEN, 10, 1000, 4, 400, 2, true, false);
    StreamInfo failed =
        new StreamInfo(id, nameless, StreamInfo.State.FAILED, 0, 0, 0, 0, 0, false, true);
    all.put("Stream", new Event.Stream(15, open));
    all.put("Stream that failed", new Event.Stream(15, failed));
    all.put("StreamEnded", new Event.StreamEnded(18, 0, ""));
    all.put("WriterStopped", new Event.WriterStopped(17, 258, "x"));
  }

  private static void chunks(Map<String, Object> all) {
    all.put("SetPreamble", new Command.SetPreamble(17, BYTES));
    all.put("UseSegment", new Command.UseSegment(17, 3));
    all.put("CloseWriter", new Command.CloseWriter(17));
    all.put("ReaderSettled", new Command.ReaderSettled(18));
    all.put("Wake", new Command.Wake(17));
    all.put("Preamble", new Event.Preamble(18, BYTES));
    all.put("RingAnnounced", new RingAnnounced(18, 2, 4096));
    all.put("Woken", new Event.Wake(18));
    all.put("Returned", new Event.Returned(18));
  }
}
