package io.vineyard.store.attach;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.message.Command;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;

/** A link whose other end is a test: it sees the commands, and makes the events. */
final class ScriptedLink implements Link {
  private final List<Command> commands = new CopyOnWriteArrayList<>();
  private Consumer<Command> script = command -> {};
  private Events events;

  /** Has the test told of each command as it is sent. */
  ScriptedLink script(Consumer<Command> told) {
    script = told;
    return this;
  }

  Events events() {
    return events;
  }

  /** Returns the commands of a type that were sent. */
  <T extends Command> List<T> sent(Class<T> type) {
    return commands.stream().filter(type::isInstance).map(type::cast).toList();
  }

  @Override
  public void start(Events taker) {
    events = taker;
  }

  @Override
  public void send(Command command) {
    commands.add(command);
    script.accept(command);
  }

  @Override
  public void execute(Runnable task) {
    task.run();
  }

  @Override
  public void close() {}

  @Override
  public Mono<ObjectStore> fork() {
    return Mono.error(new UnsupportedOperationException());
  }

  @Override
  public String describe() {
    return "a scripted store";
  }
}
