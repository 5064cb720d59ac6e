using Microsoft.Extensions.Logging;
using OrleansPs.Core.Specs;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// Opens a model when somebody first asks for it, and again when that failed; closes it so that the next coordinator can go on.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed partial class ModelDoor(string name, ClusterServices services) : IAsyncDisposable
{
    private static readonly TimeSpan s_avoidedLimit = TimeSpan.FromSeconds(1);

    private readonly ModelRecords _records = ClusterModel.RecordsOf(services, name);
    private readonly SemaphoreSlim _changing = new(1);
    private readonly CancellationTokenSource _closing = new();
    private readonly ILogger _logger = services.Loggers.CreateLogger<ModelDoor>();
    private ClusterModel? _model;
    private Task<ClusterModel?>? _opening;

    /// <summary>Does something with the model.</summary>
    /// <exception cref="UnknownModelException">There is no such model.</exception>
    /// <exception cref="ServerUnavailableException">It is not open yet, or no longer.</exception>
    public async Task<T> DoAsync<T>(Func<ClusterModel, Task<T>> work, TimeSpan patience)
    {
        var model = Volatile.Read(ref _model) ?? await OpenAsync(patience).ConfigureAwait(false) ?? throw new UnknownModelException(name);
        try
        {
            return await work(model).ConfigureAwait(false);
        }
        catch (UnknownModelException) when (_closing.IsCancellationRequested || Volatile.Read(ref _model) != model)
        {
            throw Closing();
        }
    }

    /// <summary>Opens the model if it is one.</summary>
    public async Task<bool> IsModelAsync()
    {
        try
        {
            return await OpenAsync(Timeout.InfiniteTimeSpan).ConfigureAwait(false) is not null;
        }
        catch (ParameterServerException)
        {
            // It is one; why it could not be opened is in the log, and the next one who asks tries again.
            return true;
        }
    }

    public async Task<bool> CreateAsync(ModelSpec spec, IReadOnlyList<SiloAddress> avoided)
    {
        if (await OpenAsync(Timeout.InfiniteTimeSpan).ConfigureAwait(false) is { } existing) return RequireSame(existing, spec);
        await _changing.WaitAsync(_closing.Token).ConfigureAwait(false);
        try
        {
            if (_model is { } meanwhile) return RequireSame(meanwhile, spec);
            Enter(await ClusterModel.CreateAsync(spec, _records, avoided, services, _closing.Token).ConfigureAwait(false));
            return true;
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task<bool> DeleteAsync()
    {
        var model = await OpenAsync(Timeout.InfiniteTimeSpan).ConfigureAwait(false) ?? throw new UnknownModelException(name);
        await _changing.WaitAsync(_closing.Token).ConfigureAwait(false);
        try
        {
            // It was left meanwhile: another coordinator has it.
            if (_model != model) throw Closing();
            await model.DeleteAsync().ConfigureAwait(false);
            (_model, _opening) = (null, null);
            return true;
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Ends this coordinator.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _changing.WaitAsync().ConfigureAwait(false);
        if (_model is not { } model) return;
        try
        {
            await model.EndAsync().ConfigureAwait(false);
        }
        catch (ParameterServerException e)
        {
            LogNotHandedOver(_logger, name, e.Message);
        }
    }

    private async Task<ClusterModel?> OpenAsync(TimeSpan patience)
    {
        if (_closing.IsCancellationRequested) throw Closing();
        Task<ClusterModel?> opening;
        lock (_records)
        {
            if (_opening is null || _opening.IsFaulted || _opening.IsCanceled
                || (_opening.IsCompletedSuccessfully && _opening.Result is null)) _opening = Task.Run(OpenAsync);
            opening = _opening;
        }
        try
        {
            return await opening.WaitAsync(patience, services.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new ServerUnavailableException($"Model '{name}' is being opened; ask again.");
        }
        catch (OperationCanceledException)
        {
            throw Closing();
        }
    }

    private async Task<ClusterModel?> OpenAsync()
    {
        await _changing.WaitAsync(_closing.Token).ConfigureAwait(false);
        try
        {
            if (_model is { } model) return model;
            var known = await ClusterModel.ReadPointerAsync(services, name, _closing.Token).ConfigureAwait(false);
            if (await _records.ReadAsync().ConfigureAwait(false) is null) return null;
            var avoided = await AvoidedAsync().ConfigureAwait(false);
            model = await ClusterModel.OpenAsync(name, known, _records, avoided, services, _closing.Token).ConfigureAwait(false);
            Enter(model);
            return model;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotOpened(_logger, name, e.Message);
            throw;
        }
        finally
        {
            _changing.Release();
        }
    }

    private void Enter(ClusterModel model)
    {
        Volatile.Write(ref _model, model);
        model.Host.OnDeposed = () => _ = Task.Run(() => LeaveAsync(model));
        // It may have been before anybody listened.
        if (model.Host.TryRuntime?.Coordinator.Read(c => c.IsOver) is true) _ = Task.Run(() => LeaveAsync(model));
    }

    /// <summary>A newer coordinator has the model. Whoever still asks here opens it anew, under a term of its own.</summary>
    private async Task LeaveAsync(ClusterModel model)
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_model != model || _closing.IsCancellationRequested) return;
            LogDeposed(_logger, name);
            lock (_records) _opening = null;
            Volatile.Write(ref _model, null);
            await model.AbandonAsync().ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    // Not to know it costs a few moves; to wait for it would cost the workers time.
    private async Task<SiloAddress[]> AvoidedAsync()
    {
        var catalog = services.Grains.GetGrain<ICatalogControl>(ICatalogGrain.Key);
        return (await Calls.TryAsync(catalog.Draining(), s_avoidedLimit).ConfigureAwait(false)).Answer ?? [];
    }

    private bool RequireSame(ClusterModel existing, ModelSpec spec)
    {
        var difference = ModelSpecComparison.FirstDifference(existing.Host.Spec, spec, ignoreWorkers: false);
        return difference is null ? true : throw new SpecMismatchException(name, difference);
    }

    private ServerUnavailableException Closing() => new($"The coordinator of model '{name}' moves to another silo; ask again.");

    [LoggerMessage(30, LogLevel.Error, "Model {Model} can't be opened: {Reason}. It is tried again when somebody asks for it.")]
    private static partial void LogNotOpened(ILogger logger, string model, string reason);

    [LoggerMessage(32, LogLevel.Warning, "Another coordinator has taken over model {Model}; this one is over")]
    private static partial void LogDeposed(ILogger logger, string model);

    [LoggerMessage(31, LogLevel.Warning, "The coordinator of model {Model} could not leave its state to the next one, which goes on from the newest cut: {Reason}")]
    private static partial void LogNotHandedOver(ILogger logger, string model, string reason);
}
