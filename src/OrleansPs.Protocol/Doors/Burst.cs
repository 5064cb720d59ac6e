namespace OrleansPs.Protocol;

/// <summary>
/// What one operation of a session sends on one thread without waiting: small requests to blocks of one silo travel in one message. So do those that it
/// sends when that message is answered.
/// </summary>
/// <remarks>
/// A burst is of one operation, so nobody's code but its own waits while the others of a message are answered; only the last answer goes on to its caller.
/// </remarks>
internal sealed class Burst
{
    /// <summary>The largest request that others wait for, in bytes there and back.</summary>
    public const int LargestRequest = 128 << 10;

    /// <summary>
    /// The bytes of a message; the next one takes what comes after, so that one is worked on while the next is on its way.
    /// </summary>
    private const int LargestMessage = 384 << 10;

    [ThreadStatic]
    private static Burst? t_current;
    [ThreadStatic]
    private static Burst? t_kept;

    private readonly List<Pending> _pending = [];
    private Burst? _outer;

    private readonly record struct Pending(IBlockDoors Doors, string Silo, IBlockDoor Door, BlockRequest Request, int Bytes, DoorCall Call);

    /// <summary>The burst of the calling thread, or null.</summary>
    public static Burst? Current => t_current;

    /// <summary>From here on the calling thread's requests wait for <see cref="End"/>.</summary>
    public static void Begin()
    {
        var burst = t_kept ?? new();
        t_kept = null;
        burst._outer = t_current;
        t_current = burst;
    }

    /// <summary>Sends what waits.</summary>
    public static void End()
    {
        var burst = t_current!;
        t_current = burst._outer;
        burst._outer = null;
        burst.Send();
        t_kept = burst;
    }

    /// <summary>Lets a request wait for others.</summary>
    public ValueTask<PullReply> Add(IBlockDoors doors, string silo, IBlockDoor door, in BlockRequest request, int bytes)
    {
        var call = DoorCall.Rent();
        // Before it waits: once it is answered it is somebody else's.
        var answer = call.Answer;
        _pending.Add(new(doors, silo, door, request, bytes, call));
        return answer;
    }

    /// <summary>Sends one request at once.</summary>
    public static ValueTask<PullReply> SendAlone(IBlockDoors doors, string silo, IBlockDoor door, in BlockRequest request)
    {
        var call = DoorCall.Rent();
        var answer = call.Answer;
        _ = SendAsync(doors, silo, door, [request], [call]);
        return answer;
    }

    // Requests to one silo, in the order in which they came, as many as a message holds.
    private void Send()
    {
        for (var first = 0; first < _pending.Count; first++)
        {
            var door = _pending[first].Door;
            if (door is null) continue;
            var (count, bytes) = (0, 0);
            for (var i = first; i < _pending.Count; i++)
            {
                if (!ReferenceEquals(_pending[i].Door, door)) continue;
                if (count > 0 && bytes + _pending[i].Bytes > LargestMessage) break;
                (count, bytes) = (count + 1, bytes + _pending[i].Bytes);
            }
            Send(first, count);
        }
        _pending.Clear();
    }

    private void Send(int first, int count)
    {
        var (doors, silo, door, _, _, _) = _pending[first];
        var (requests, calls) = (new BlockRequest[count], new DoorCall[count]);
        for (int i = first, n = 0; n < count; i++)
        {
            if (!ReferenceEquals(_pending[i].Door, door)) continue;
            (requests[n], calls[n]) = (_pending[i].Request, _pending[i].Call);
            _pending[i] = default;
            n++;
        }
        _ = SendAsync(doors, silo, door, requests, calls);
    }

    private static async Task SendAsync(IBlockDoors doors, string silo, IBlockDoor door, BlockRequest[] requests, DoorCall[] calls)
    {
        BlockAnswer[] answers;
        try
        {
            answers = await door.Exchange(requests).ConfigureAwait(false);
            if (answers.Length != calls.Length) throw new ServerUnavailableException($"{answers.Length} answers came to {calls.Length} requests.");
        }
#pragma warning disable CA1031 // Whoever waits for an answer gets it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            doors.Doubt(silo);
            foreach (var call in calls) call.Fail(e);
            return;
        }
        bool isUnderWay;
        Begin();
        try
        {
            for (var i = 0; i < calls.Length - 1; i++) calls[i].End(answers[i]);
            // With the last answer the operation may be at its end, and its caller's code go on here: not while one of its requests waits to be sent.
            isUnderWay = t_current!._pending.Count > 0;
            if (isUnderWay) calls[^1].End(answers[^1]);
        }
        finally
        {
            End();
        }
        if (!isUnderWay) calls[^1].End(answers[^1]);
    }
}
