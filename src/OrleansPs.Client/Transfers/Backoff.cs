namespace OrleansPs.Client;

/// <summary>
/// The pauses between the tries of one request: they double from <see cref="WorkerOptions.FirstBackoff"/> to
/// <see cref="WorkerOptions.MaxBackoff"/>, each shortened by up to a half at random, until
/// <see cref="WorkerOptions.RetryFor"/> has passed.
/// </summary>
internal struct Backoff(SessionEnvironment environment, WorkerOptions options)
{
    private readonly SessionEnvironment _environment = environment;
    private readonly WorkerOptions _options = options;
    private long _start = environment.Time.GetTimestamp();
    private TimeSpan _next = options.FirstBackoff;
    private int _tries;

    /// <summary>Starts afresh: the service was heard of.</summary>
    public void Restart()
    {
        _start = _environment.Time.GetTimestamp();
        _next = _options.FirstBackoff;
        _tries = 0;
    }

    /// <summary>The next pause.</summary>
    /// <param name="what">What is being tried.</param>
    /// <param name="last">Why the last try failed.</param>
    /// <exception cref="ServerUnavailableException">The time is up.</exception>
    public TimeSpan Next(string what, Exception? last)
    {
        _tries++;
        var pause = _next * (1 - _environment.NextUniform() / 2);
        if (_environment.Time.GetElapsedTime(_start) + pause >= _options.RetryFor) throw GiveUp(what, last);
        _next = _next * 2 < _options.MaxBackoff ? _next * 2 : _options.MaxBackoff;
        return pause;
    }

    private readonly ServerUnavailableException GiveUp(string what, Exception? last) => new(
        $"{what} did not succeed in {_tries} tries within {_options.RetryFor}: {last?.Message ?? "the service asked to wait"}",
        last);
}
