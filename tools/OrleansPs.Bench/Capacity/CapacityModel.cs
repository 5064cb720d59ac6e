namespace OrleansPs.Bench;

/// <summary>What a plan comes to.</summary>
/// <param name="PushBytes">Payload that a worker pushes in a step.</param>
/// <param name="PullBytes">Payload that it pulls, on average.</param>
/// <param name="Messages">Calls of a worker in a step, its clock among them.</param>
/// <param name="WorkerSeconds">Processor time of a worker for its transfers in a step.</param>
/// <param name="SiloSeconds">Processor time of all silos for a worker's step.</param>
/// <param name="StepsPerSecond">Steps of all workers together, as long as nothing below is short of it.</param>
/// <param name="SiloCores">Processors that each silo is busy with.</param>
/// <param name="CoordinatorCores">Processors that the model's coordinator is busy with; it is on one silo, and beyond about 1 it is what all wait for.</param>
/// <param name="SiloMemory">Bytes that each silo holds.</param>
/// <param name="SiloReceives">Bytes a second to each silo.</param>
/// <param name="SiloSends">Bytes a second from each silo.</param>
/// <param name="SnapshotBytes">Bytes a second to the storage, on average over the cadence.</param>
internal sealed record CapacityPlan(
    double PushBytes, double PullBytes, double Messages, double WorkerSeconds, double SiloSeconds, double StepsPerSecond, double SiloCores,
    double CoordinatorCores, double SiloMemory, double SiloReceives, double SiloSends, double SnapshotBytes);

/// <summary>Bytes, calls, processor time and memory as a function of what is trained, by whom, on what and how.</summary>
internal static class CapacityModel
{
    private const double Mebibyte = 1 << 20;

    public static CapacityPlan Plan(CapacityInput input, CapacityConstants constants)
    {
        var numbers = (double)input.Parameters * sizeof(float);
        var isRounds = input.Consistency.Mode == ConsistencyMode.BulkSynchronous;
        // A copy that was pulled is read for s more steps.
        var pulled = input.IsCached && input.Consistency.Mode == ConsistencyMode.StaleSynchronous ? 1.0 / (input.Consistency.Staleness + 1) : 1;
        var (push, pull) = (input.Parameters * input.Encoding.BytesPerFloat, numbers * pulled);
        var blocks = Math.Ceiling(numbers / input.BlockBytes);
        var blockBytes = blocks == 0 ? 0 : numbers / blocks;
        var (pushMessages, pullMessages) = (MessagesOf(blocks, blockBytes * input.Encoding.BytesPerFloat / sizeof(float), input.Silos), MessagesOf(blocks, blockBytes, input.Silos));

        var rowBytes = (double)input.BatchRows * (sizeof(long) + (input.Width * sizeof(float)));
        var rowMessages = input.BatchRows == 0 ? 0 : input.Silos;
        var rows = input.BatchRows * (constants.RowPushMicroseconds(input.Width) + constants.RowPullMicroseconds(input.Width));

        var pushed = (push / Mebibyte * constants.PushMebibyte) + Sending(pushMessages + rowMessages, blocks, blockBytes, constants);
        var both = pushed + (pull / Mebibyte * constants.PullMebibyte) + (pulled * Sending(pullMessages + rowMessages, blocks, blockBytes, constants)) + rows;
        var silo = (constants.SiloShare * both) + (constants.ClockShare * constants.Clock) + (numbers / Mebibyte * ((isRounds ? constants.RoundMebibyte : 0) + input.Encoding.DecodeMebibyte));
        var worker = ((1 - constants.SiloShare) * both) + ((1 - constants.ClockShare) * constants.Clock) + (numbers / Mebibyte * input.Encoding.EncodeMebibyte);
        // What was applied goes on to the standby as float32, and both ends of that are silos.
        var standby = input.IsReplicated ? (numbers / Mebibyte * constants.PushMebibyte) + Sending(pushMessages, blocks, blockBytes, constants) + (rows / 2) : 0;

        var (state, staged) = (numbers * (1 + input.StateFloats), isRounds ? input.Workers * (numbers + rowBytes) : 0);
        var table = input.Rows * constants.RowBytes(input.Width, input.StateFloats);
        var copies = input.IsReplicated ? 2 : 1;
        var frozen = input.SnapshotSeconds > 0 ? state + table : 0;
        var rate = input.Workers / (input.StepSeconds + (worker * 1e-6));
        var arriving = push + rowBytes + (input.IsReplicated ? numbers + rowBytes : 0);
        return new(
            push + rowBytes, pull + rowBytes, pushMessages + rowMessages + (pulled * (pullMessages + rowMessages)) + 1,
            worker * 1e-6, (silo + standby) * 1e-6, rate, rate * (silo + standby) * 1e-6 / input.Silos, rate * constants.ClockShare * constants.Clock * 1e-6,
            ((copies * (state + table + staged)) + frozen) / input.Silos, rate * arriving / input.Silos,
            rate * (pull + rowBytes + (input.IsReplicated ? numbers + rowBytes : 0)) / input.Silos,
            input.SnapshotSeconds > 0 ? (state + table) / input.SnapshotSeconds : 0);
    }

    private static double MessagesOf(double blocks, double blockBytes, int silos) => blocks == 0 ? 0 : CapacityConstants.Messages(blocks, blockBytes, silos);

    private static double Sending(double messages, double blocks, double blockBytes, CapacityConstants constants) =>
        (messages * constants.Message) + (blockBytes > CapacityConstants.AloneBytes ? 0 : blocks * constants.Block);
}
