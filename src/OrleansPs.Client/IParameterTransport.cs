using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>
/// The narrow waist between a session and a host: one method a message. A transport may lose, repeat and reorder; it
/// reports what it could not deliver, or whose outcome it does not know, as a transient
/// <see cref="ParameterServerException"/>, and never retries.
/// </summary>
/// <remarks>
/// Thread safe. Memory in slices belongs to the transport until the returned task completes, not longer. When its token
/// is cancelled a request ends promptly, for its sender waits for that before it asks again: a request that lingers holds
/// up its retry, and one that writes after its end would write into memory that the caller has back.
/// </remarks>
public interface IParameterTransport
{
    /// <summary>
    /// Whether gradients travel encoded: a slice of a push then has, where its parameter is compressed, a <see cref="SegmentSlice.Code"/> and no values. Otherwise it has the
    /// values that the code stands for as well.
    /// </summary>
    bool CarriesCodes => false;

    /// <summary>Sends a gradient to a block.</summary>
    /// <param name="block">The block's index.</param>
    /// <param name="header">Who pushes what.</param>
    /// <param name="newest">The newest certificate the sender knows (BSP), or null.</param>
    /// <param name="gradient">The gradient's pieces, ascending by segment.</param>
    /// <param name="cancellationToken">Gives up; the outcome is then unknown.</param>
    ValueTask<BlockReply> PushAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        CancellationToken cancellationToken);

    /// <summary>Reads from a block into the slices' memory: for a worker what <see cref="ModelSpec.PullCompression"/> leaves of the values, whether or not codes travel.</summary>
    /// <inheritdoc cref="PushAsync"/>
    /// <param name="block">The block's index.</param>
    /// <param name="header">Who pulls; under BSP the clock names the version, and a reader's -1 any version.</param>
    /// <param name="newest">The newest certificate the sender knows (BSP), or null.</param>
    /// <param name="values">Where the values go.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<BlockReply> PullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> values,
        CancellationToken cancellationToken);

    /// <summary>Push and pull in one round trip; the values are read after the push, under BSP those of the open round.</summary>
    /// <inheritdoc cref="PushAsync"/>
    ValueTask<BlockReply> PushPullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken);

    /// <summary>Gives a block certificates that it lacks, ascending by round.</summary>
    ValueTask<BlockReply> CertifyAsync(
        int block, MessageHeader header, IReadOnlyList<Certificate> certificates, CancellationToken cancellationToken);

    /// <summary>
    /// Takes up a rank. A join that has to wait is answered with <see cref="CoordinatorStatus.Waiting"/> after
    /// <see cref="Parking.Limit"/> at the latest, and asked again.
    /// </summary>
    ValueTask<JoinReply> JoinAsync(JoinCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// Ends a step and waits at the gate. It answers <see cref="CoordinatorStatus.Waiting"/> after
    /// <see cref="Parking.Limit"/> at the latest: that tells the sender that the service is alive.
    /// </summary>
    ValueTask<ClockReply> ClockAsync(ClockCommand command, CancellationToken cancellationToken);

    /// <summary>Heartbeat, out of data, leave.</summary>
    ValueTask<PresenceReply> PresenceAsync(PresenceCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// The certificates from a round on that are still kept, ascending; the newest one always is. They say no generation, so a
    /// transport that has delivered an answer of one never answers with those of an older one.
    /// </summary>
    ValueTask<IReadOnlyList<Certificate>> CertificatesAsync(long from, CancellationToken cancellationToken);

    /// <summary>
    /// From here to <see cref="EndBurst"/> the calling thread sends what belongs together: a transport may let small requests wait until then, and send
    /// them in one message. Bursts may be nested; each is ended on the thread that began it.
    /// </summary>
    void BeginBurst()
    {
    }

    /// <summary>
    /// Whether the calling thread is in a burst, perhaps one that a transport has begun to answer requests in. Nobody's code but that of the operation whose
    /// requests they are may run there: what others send would wait for it.
    /// </summary>
    bool IsInBurst => false;

    /// <summary>Sends what waits.</summary>
    void EndBurst()
    {
    }
}
