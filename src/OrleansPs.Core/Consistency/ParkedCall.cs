using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Consistency;

/// <summary>A join or a clock that waits at the gate.</summary>
/// <param name="Call">The host's number of the call.</param>
/// <param name="Since">When it began to wait.</param>
/// <param name="IsJoin">Whether it is a join.</param>
internal sealed record ParkedCall(long Call, TimeSpan Since, bool IsJoin)
{
    public object Refuse(CoordinatorStatus status) => IsJoin ? Coordinator.Refused(status) : new ClockReply { Status = status };
}
