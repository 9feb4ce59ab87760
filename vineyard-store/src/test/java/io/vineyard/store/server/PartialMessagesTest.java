package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import org.junit.jupiter.api.Test;

class PartialMessagesTest {
  private final PartialMessages partial = new PartialMessages();

  @Test
  void refusesWhatWouldBeTooMuchAndCountsItNot() {
    partial.begin(PartialMessages.MOST_BYTES - 10);
    assertThatThrownBy(() -> partial.begin(11))
        .isInstanceOfSatisfying(
            VineyardException.class,
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.LIMIT_REACHED));
    assertThatCode(() -> partial.begin(10)).doesNotThrowAnyException();
    partial.end(10);
    assertThatCode(() -> partial.begin(10)).doesNotThrowAnyException();
  }
}
