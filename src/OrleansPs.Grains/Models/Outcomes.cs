using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>Turns typed errors into faults, so that they arrive as what they are.</summary>
internal static class Outcomes
{
    public static async Task<Outcome<T>> OfAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return new(await work().ConfigureAwait(true), null);
        }
        catch (ParameterServerException e)
        {
            return new(default, Fault.Of(e));
        }
        catch (Exception e) when (Calls.IsPassing(e) || e is OperationCanceledException)
        {
            return new(default, Fault.Of(new ServerUnavailableException(e.Message)));
        }
    }
}
