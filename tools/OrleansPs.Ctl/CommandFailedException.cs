namespace OrleansPs.Ctl;

/// <summary>A command did not reach its end; the message is the sentence for the operator.</summary>
internal sealed class CommandFailedException(string message) : Exception(message);
