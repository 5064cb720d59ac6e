using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>A reader's requests, each asked again until it is answered.</summary>
internal sealed class ReaderCalls(IParameterTransport transport, ModelSpec spec, WorkerOptions options, SessionEnvironment environment)
{
    public ReaderState State { get; } = new(spec);

    public int MaxInFlight => options.MaxInFlight;

    /// <summary>Learns of the rounds that have closed since the last time.</summary>
    public async Task LearnRoundsAsync(CancellationToken cancellationToken)
    {
        var view = State.View;
        var backoff = new Backoff(environment, options);
        while (true)
        {
            var asked = await AskForCertificatesAsync(view.Known, cancellationToken).ConfigureAwait(false);
            if (asked.IsAnswered)
            {
                State.Learn(view, asked.Reply);
                return;
            }
            await PauseAsync(backoff.Next("A request for certificates", asked.Error), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads one block.</summary>
    /// <returns>The version it was read at; null if the view is out of date.</returns>
    public async Task<long?> ReadAsync(BlockTransfer transfer, ReaderView view, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(environment, options);
        var given = -1L;
        while (true)
        {
            var asked = await Attempt.MakeAsync(
                environment.Time, options.RequestTimeout,
                token => transport.PullAsync(transfer.Block, view.Header, view.Newest, transfer.Values, token),
                cancellationToken).ConfigureAwait(false);
            if (asked.IsAnswered)
            {
                var reply = asked.Reply;
                if (reply.Status == BlockStatus.Ok) return reply.Version;
                if (IsOutOfDate(view, reply)) return null;
                if (reply.Status == BlockStatus.NeedCertificates && reply.From > given
                    && await CertifyAsync(transfer.Block, view, reply.From, cancellationToken).ConfigureAwait(false))
                {
                    given = reply.From;
                    continue;
                }
                asked = asked with { Error = new ServerUnavailableException($"it answered {reply.Status}") };
            }
            given = -1;
            var pause = backoff.Next($"A read of block {transfer.Block}", asked.Error);
            await PauseAsync(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private bool IsOutOfDate(ReaderView view, BlockReply reply) =>
        reply.Status == BlockStatus.StepClosed
        || (reply.Status == BlockStatus.OtherGeneration && State.Enter(view, reply.Generation))
        || (reply.Status == BlockStatus.OtherPolicy && State.EnterPolicy(view, reply.From, reply.Version >= 0));

    // Gives a block what it lacks; false if that could not be had or delivered just now.
    private async Task<bool> CertifyAsync(int block, ReaderView view, long from, CancellationToken cancellationToken)
    {
        var certificates = State.CertificatesFrom(view, from);
        if (certificates.Count == 0)
        {
            var asked = await AskForCertificatesAsync(from, cancellationToken).ConfigureAwait(false);
            // They must be of the generation that they are given to.
            if (!asked.IsAnswered || asked.Reply.Count == 0 || State.View.Generation != view.Generation || State.View.Policy != view.Policy) return false;
            certificates = asked.Reply;
        }
        var certified = await Attempt.MakeAsync(
            environment.Time, options.RequestTimeout,
            token => transport.CertifyAsync(block, view.Header, certificates, token),
            cancellationToken).ConfigureAwait(false);
        return certified.IsAnswered;
    }

    private ValueTask<Attempt<IReadOnlyList<Certificate>>> AskForCertificatesAsync(
        long from, CancellationToken cancellationToken) => Attempt.MakeAsync(
            environment.Time, options.RequestTimeout, token => transport.CertificatesAsync(from, token), cancellationToken);

    private Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken) =>
        Pause.ForAsync(pause, environment.Time, cancellationToken);
}
