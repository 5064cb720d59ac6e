namespace OrleansPs.Training;

/// <summary>A training job on its data: the model that it trains, what each worker makes small, and how good the result is.</summary>
/// <remarks>
/// Thread safe: all workers of a process share one. <see cref="DataParallelTrainer"/> does the work of a worker, so consistency, stragglers and going on after a crash
/// are the same for all jobs.
/// </remarks>
public interface ITrainingJob
{
    /// <summary>The number of examples to train with.</summary>
    int Examples { get; }

    /// <summary>What the model is measured by.</summary>
    EvaluationMetric Metric { get; }

    /// <summary>What the job says of its model's spec: parameters, tables, their optimizers and the reduction. The rest is the caller's choice.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="batchSize">Examples in a worker's step.</param>
    ModelSpec ToSpec(string name, int batchSize);

    /// <summary>Makes the objective of one worker.</summary>
    /// <param name="batchSize">Examples in a worker's step, at most.</param>
    IObjective CreateObjective(int batchSize);

    /// <summary>Makes what measures the model.</summary>
    IEvaluator CreateEvaluator();
}
