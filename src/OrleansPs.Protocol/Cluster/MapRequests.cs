namespace OrleansPs.Protocol;

/// <summary>
/// Asks a model's coordinator for the block map. A coordinator whose silo died does not answer, and the next one is somewhere else: so
/// the request is made again before the first one has failed, and the first answer counts.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class MapRequests(IGrainFactory grains, string model)
{
    private const int MostOpen = 4;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_again = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan s_one = TimeSpan.FromMilliseconds(500);

    private readonly ICoordinatorGrain _coordinator = grains.GetGrain<ICoordinatorGrain>(model);
    private int _open;

    /// <summary>Asks once in the background, unless several such requests are out already.</summary>
    public void Look(Action<BlockMap> found)
    {
        if (Interlocked.Increment(ref _open) > MostOpen) Interlocked.Decrement(ref _open);
        else _ = LookAsync(found);
    }

    /// <summary>Asks until there is an answer.</summary>
    /// <exception cref="ServerUnavailableException">There was none in time.</exception>
    /// <exception cref="ParameterServerException">The answer is a typed error.</exception>
    public async Task<BlockMap> AskAsync()
    {
        using var limit = new CancellationTokenSource(s_limit);
        List<Task<BlockMap>> open = [];
        while (!limit.IsCancellationRequested)
        {
            open.Add(OnceAsync(limit.Token));
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
            var wait = Task.Delay(s_again, pause.Token);
            while (open.Count > 0 && await Task.WhenAny([wait, .. open]).ConfigureAwait(false) is Task<BlockMap> done)
            {
                open.Remove(done);
                if (done.IsCompletedSuccessfully) return done.Result;
                if (done.Exception?.InnerException is ParameterServerException { IsTransient: false }) await done.ConfigureAwait(false);
            }
            await pause.CancelAsync().ConfigureAwait(false);
        }
        throw new ServerUnavailableException($"The coordinator of model '{model}' did not say where its blocks are within {s_limit.TotalSeconds} s.");
    }

    private async Task LookAsync(Action<BlockMap> found)
    {
        using var limit = new CancellationTokenSource(s_one);
        try
        {
            found(await OnceAsync(limit.Token).ConfigureAwait(false));
        }
        catch (Exception e) when (e is ParameterServerException or OperationCanceledException)
        {
            // The next look may find more.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task<BlockMap> OnceAsync(CancellationToken cancellationToken) =>
        (await Calls.WaitAsync(_coordinator.Map(), cancellationToken).ConfigureAwait(false)).Get();
}
