namespace OrleansPs.Worker;

/// <summary>Some workers did not do all of their steps.</summary>
internal sealed class UnfinishedException(string message) : Exception(message);
