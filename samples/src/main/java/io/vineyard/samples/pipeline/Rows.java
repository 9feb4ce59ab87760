package io.vineyard.samples.pipeline;

import java.util.NavigableMap;
import java.util.TreeMap;

/** What travels between the stages, and what is joined to it. */
final class Rows {
  /** The parts of a day by the hour of their beginning: the small table of the join. */
  private static final NavigableMap<Float, String> PARTS_OF_DAY = new TreeMap<>();

  static {
    PARTS_OF_DAY.put(0f, "night");
    PARTS_OF_DAY.put(6f, "morning");
    PARTS_OF_DAY.put(12f, "afternoon");
    PARTS_OF_DAY.put(18f, "evening");
  }

  private Rows() {}

  /**
   * A flight of the source.
   *
   * @param delay in minutes
   * @param time of the departure, in hours since midnight
   */
  record Flight(short delay, float time) {
    boolean isLate() {
      return delay > 0;
    }

    LateFlight withPart() {
      return new LateFlight(PARTS_OF_DAY.floorEntry(time).getValue(), delay);
    }
  }

  /**
   * A late flight, joined with the part of the day.
   *
   * @param part of the day
   * @param delay in minutes
   */
  record LateFlight(String part, short delay) {}

  /**
   * The late flights of a part of the day.
   *
   * @param part of the day
   * @param flights how many
   * @param delay the sum of their delays, in minutes
   */
  record Group(String part, long flights, long delay) {
    static Group of(LateFlight flight) {
      return new Group(flight.part(), 1, flight.delay());
    }

    Group plus(Group that) {
      return new Group(part, flights + that.flights, delay + that.delay);
    }
  }

  /**
   * How far a stage is.
   *
   * @param stage which one
   * @param rows how many rows it has read, the source written
   */
  record Progress(Stage stage, long rows) {}
}
