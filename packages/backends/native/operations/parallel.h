// Threads that share the tasks of one loop. They sleep between loops.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gpd {

class Threads {
 public:
  static Threads& instance() {
    // Never destroyed: threads that wait at exit are ended with the process.
    static Threads* threads = new Threads(wanted());
    return *threads;
  }

  int count() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls `task(i)` for every i below `tasks`, in any order, and returns when all are done.
  void run(long tasks, const std::function<void(long)>& task) {
    if (tasks <= 1 || workers_.empty()) {
      for (long i = 0; i < tasks; i++) task(i);
      return;
    }
    std::lock_guard<std::mutex> one_loop_at_a_time(loop_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      task_ = &task;
      tasks_ = tasks;
      next_ = 0;
    }
    start_.notify_all();
    work(task, tasks);
    // Threads that wake up only now find nothing to do: nobody waits for them.
    std::unique_lock<std::mutex> lock(mutex_);
    task_ = nullptr;
    done_.wait(lock, [this] { return working_ == 0; });
  }

 private:
  static int wanted() {
    const char* given = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int asked = given == nullptr ? 0 : std::atoi(given);
    return asked > 0 ? asked : static_cast<int>(std::thread::hardware_concurrency());
  }

  explicit Threads(int count) {
    for (int i = 1; i < count; i++) {
      workers_.emplace_back([this] { wait_and_work(); });
      workers_.back().detach();
    }
  }

  void work(const std::function<void(long)>& task, long tasks) {
    for (long i = next_++; i < tasks; i = next_++) task(i);
  }

  void wait_and_work() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      start_.wait(lock, [this] { return task_ != nullptr && next_ < tasks_; });
      const std::function<void(long)>& task = *task_;
      const long tasks = tasks_;
      working_++;
      lock.unlock();
      work(task, tasks);
      lock.lock();
      if (--working_ == 0) done_.notify_one();
    }
  }

  std::vector<std::thread> workers_;
  std::mutex loop_, mutex_;
  std::condition_variable start_, done_;
  const std::function<void(long)>* task_ = nullptr;
  long tasks_ = 0;
  std::atomic<long> next_{0};
  int working_ = 0;  // besides the thread that asked
};

// Splits `count` items into about `per_thread` pieces for each thread and calls `body(first, last)` for each.
template <typename Body>
inline void for_ranges(long count, long least, Body body) {
  Threads& threads = Threads::instance();
  long pieces = threads.count() * 4L;
  if (count / least < pieces) pieces = count / least;
  if (pieces < 1) pieces = 1;
  threads.run(pieces, [&](long i) { body(count * i / pieces, count * (i + 1) / pieces); });
}

}  // namespace gpd
